"""Content-Transfer-Encoding undone piece by piece; RFC 2045 6. Never fails: what is no code is passed over."""

from __future__ import annotations

import binascii

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(octet for octet in range(256) if octet not in _BASE64)
_LONGEST_LINE = 65_536

ENCODINGS = frozenset({"7bit", "8bit", "binary", "base64", "quoted-printable"})  # of RFC 2045 6.1, all that are known


class TransferDecoder:
    """Decodes one part's body, whatever pieces it comes in."""

    __slots__ = ("_held", "_step")

    def __init__(self, encoding: str) -> None:
        self._held = b""
        self._step = {"base64": self._base64, "quoted-printable": self._quoted}.get(encoding.lower())

    def feed(self, octets: bytes) -> bytes:
        """The next decoded octets."""
        return octets if self._step is None else self._step(octets, last=False)

    def finish(self) -> bytes:
        """What was still held back."""
        return b"" if self._step is None else self._step(b"", last=True)

    def _base64(self, octets: bytes, *, last: bool) -> bytes:
        code = self._held + octets.translate(None, _NOT_BASE64)
        whole = len(code) - len(code) % 4
        self._held = code[whole:]
        decoded = binascii.a2b_base64(code[:whole])
        if last and len(self._held) > 1:
            decoded += binascii.a2b_base64(self._held + b"=" * (4 - len(self._held)))
        return decoded

    def _quoted(self, octets: bytes, *, last: bool) -> bytes:
        text = self._held + octets
        # a line is decoded when it is whole, since its end may be soft and a code must not be cut
        whole = len(text) if last else text.rfind(b"\n") + 1
        if not whole and len(text) > _LONGEST_LINE:
            whole = len(text) if b"=" not in text[-3:] else text.rindex(b"=")
        self._held = text[whole:]
        return binascii.a2b_qp(text[:whole])
