"""Parts of the transfer encoding `binary` made such as may go where NUL may not; RFC 2045 6, RFC 3516 4.4. No I/O."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from posthouse.formats.mime.content import read_content
from posthouse.formats.mime.part import Part
from posthouse.formats.mime.settings import MimeLimits

_FIELD = re.compile(rb"^content-transfer-encoding[ \t]*:.*\n(?:[ \t].*\n)*", re.IGNORECASE | re.MULTILINE)
_LINE = 57  # octets that make a line of 76 characters; RFC 2045 6.8


def binary_parts(part: Part) -> Iterator[Part]:
    """The part and those in it that are `binary`, in the order of their headers."""
    if part.encoding.lower() == "binary":
        yield part
    for child in part.children:
        yield from binary_parts(child)


def relabelled(header: bytes, part: Part, limits: MimeLimits) -> bytes | None:
    """The header of a binary part that is to have another encoding: 8bit when it holds parts, else base64.

    None when the part must stay as it is: a multipart or message that was not taken apart may not be base64
    (RFC 2045 6.4), and what says its encoding in no usual field is not touched.
    """
    described = Part(0, 0)
    read_content(described, header, limits)
    if not part.children and described.type in ("multipart", "message"):
        return None
    field = b"Content-Transfer-Encoding: %b\r\n" % (b"8bit" if part.children else b"base64")
    found = _FIELD.search(header)
    if found is None:
        return None
    return header[: found.start()] + field + _FIELD.sub(b"", header[found.end() :])


class Base64Encoder:
    """Base64 in lines, whatever pieces the octets come in; the last line has no end."""

    __slots__ = ("_begun", "_held")

    def __init__(self) -> None:
        self._held = b""
        self._begun = False

    def feed(self, octets: bytes) -> bytes:
        """The next whole lines."""
        octets = self._held + octets
        whole = len(octets) - len(octets) % _LINE
        self._held = octets[whole:]
        return self._lines(octets[:whole])

    def finish(self) -> bytes:
        """What was still held back."""
        return self._lines(self._held)

    def _lines(self, octets: bytes) -> bytes:
        lines = [binascii.b2a_base64(octets[at : at + _LINE], newline=False) for at in range(0, len(octets), _LINE)]
        if lines and self._begun:
            lines.insert(0, b"")
        self._begun = self._begun or bool(lines)
        return b"\r\n".join(lines)
