"""A message for clients that know only ASCII in its header; RFC 6858. Body and body parts stay as they are."""

from __future__ import annotations

import re
from email.header import Header

from posthouse.formats.mime.addresses import AddressList, Mailbox, parse_addresses
from posthouse.formats.mime.headers import decode, unfold

MOST_OCTETS = 262_144  # of a header that are looked at together
# RFC 6858 2.1
_ADDRESSES = frozenset(
    b"bcc cc from reply-to resent-bcc resent-cc resent-from resent-sender resent-to return-path sender to".split()
)
_WITH_PARAMETERS = frozenset((b"content-type", b"content-disposition"))
_NOBODY = b"invalid@internationalized-address.invalid"
_END = re.compile(rb"(?:\A|(?<=\n))\r?\n")  # the blank line
_FIELD = re.compile(rb"[^\n]*(?:\n[ \t][^\n]*)*(?:\n|\Z)")
_NEXT = re.compile(rb"\n(?![ \t\r\n])")
_PARAMETER = re.compile(rb';(?:[^;"]|"(?:[^"\\]|\\.)*(?:"|\Z))*', re.DOTALL)
_ATOMS = re.compile(rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")


class Surrogate:
    """One message, piece by piece; of the header so much is held that every field is seen whole."""

    __slots__ = ("_excising", "_held", "_in_body")

    def __init__(self) -> None:
        self._held = b""
        self._in_body = False
        self._excising = False  # within a field that is longer than is held

    @property
    def held(self) -> int:
        """Octets that wait for the end of the header."""
        return len(self._held)

    def take(self, piece: bytes) -> bytes:
        """What can be sent now."""
        if self._in_body:
            return piece
        seen = max(0, len(self._held) - 1)  # its end may have begun with the last octet, CR, and not before
        held = self._held + piece
        end = _END.search(held, seen)
        if end is not None:
            self._in_body, self._held = True, b""
            return self._fields(held[: end.start()]) + held[end.start() :]
        if len(held) <= MOST_OCTETS:
            self._held = held
            return b""
        ends = [match.start() + 1 for match in _NEXT.finditer(held)]
        if not ends:  # a field without an end
            self._held, self._excising = b"", True
            return b""
        self._held = held[ends[-1] :]
        return self._fields(held[: ends[-1]])

    def end(self) -> bytes:
        """What is left of a message without a body."""
        held, self._held = self._held, b""
        return self._fields(held)

    def _fields(self, block: bytes) -> bytes:
        if self._excising:
            self._excising = False
            end = _NEXT.search(block)
            block = b"" if end is None else block[end.start() + 1 :]
        if block.isascii():
            return block
        return b"".join([_ascii(match[0]) for match in _FIELD.finditer(block)])


def _ascii(field: bytes) -> bytes:
    if field.isascii():
        return field
    name, colon, value = field.partition(b":")
    key = name.strip().lower()
    if not colon or not name.isascii():
        return b""
    if key == b"subject":
        return b"%b: %b\r\n" % (name, _words(decode(value), len(name) + 2))
    if key in _ADDRESSES:
        return b"%b: %b\r\n" % (name, _list(parse_addresses(unfold(value))))
    if key in _WITH_PARAMETERS:
        return _without_parameters(name, unfold(value))
    return b""  # RFC 6858 2.4


def _without_parameters(name: bytes, value: bytes) -> bytes:
    """RFC 6858 2.2: what cannot be shown as it came is left out."""
    word, semicolon, rest = value.partition(b";")
    if not word.isascii():
        return b""
    kept = [one for one in _PARAMETER.findall(semicolon + rest) if one.isascii()]
    return b"%b: %b%b\r\n" % (name, word, b"".join(kept))


def _list(addresses: AddressList) -> bytes:
    shown = []
    for one in addresses:
        if isinstance(one, Mailbox):
            shown.append(_mailbox(one))
        else:
            members = b", ".join([_mailbox(member) for member in one.members])
            shown.append(b"%b:%b;" % (_phrase(one.name), b" " + members if members else b""))
    return b",\r\n ".join(shown)


def _mailbox(one: Mailbox) -> bytes:
    address = one.local + (b"@" + one.domain if one.domain else b"")
    if address.isascii():
        return b"%b <%b>" % (_phrase(one.name), address) if one.name else address
    fold = b" " if one.name else b"\r\n "
    return b"%b%b<%b>" % (_phrase(one.name or address), fold, _NOBODY)


def _phrase(name: bytes) -> bytes:
    if not name.isascii():
        return _words(decode(name), 0)
    if b"=?" in name or _ATOMS.fullmatch(name):
        return name
    return b'"%b"' % name.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


def _words(text: str, indent: int) -> bytes:
    """Encoded words; RFC 2047."""
    shown = Header(text, "utf-8", maxlinelen=75, header_name="x" * max(indent - 2, 0) or None).encode(linesep="\r\n")
    return shown.encode("ascii", "replace")
