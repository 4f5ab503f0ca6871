"""FETCH responses; RFC 9051 7.5.2.

The hot path of the server: whoever lists a mailbox of 100,000 messages waits for these functions. So what repeats (flag
lists, days) is rendered once, and a line is one formatting operation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from posthouse.protocols.imap.wire.fetch import Attribute
from posthouse.protocols.imap.wire.flags import SYSTEM_FLAGS

RECENT = 1 << 30  # above every stored bit: \Recent belongs to a session, never to a message (RFC 3501 2.3.2)
KEYWORDS_AT = 31  # from this bit on, where flags, RECENT and keywords are one number
_MOST_COMBINATIONS = 4096


class _Rendered(dict[tuple[int, int], str]):
    """Flag lists by (flags, keywords), rendered when first asked for."""

    __slots__ = ("names",)

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self.names = names

    def __missing__(self, key: tuple[int, int]) -> str:
        flags, keywords = key
        shown = [name for bit, name in SYSTEM_FLAGS if flags & bit]
        if flags & RECENT:
            shown.append("\\Recent")
        shown += [name for bit, name in enumerate(self.names) if keywords >> bit & 1]
        if len(self) >= _MOST_COMBINATIONS:
            self.clear()
        text = self[key] = f"({' '.join(shown)})"
        return text


class FlagLists:
    """Flag lists of one mailbox, whose keyword bits stand for `keywords`; build a new one when those change."""

    __slots__ = ("_rendered", "keywords")

    def __init__(self, keywords: Sequence[str]) -> None:
        self.keywords = tuple(keywords)
        self._rendered = _Rendered(self.keywords)

    def render(self, flags: int, keywords: int, *, recent: bool = False) -> bytes:
        r"""`(\Seen $Forwarded)`."""
        return self._rendered[flags | RECENT if recent else flags, keywords].encode("ascii")


_FORMATS: dict[Attribute, bytes] = {
    Attribute.UID: b"UID %d",
    Attribute.FLAGS: b"FLAGS %b",
    Attribute.INTERNALDATE: b"INTERNALDATE %b",
    Attribute.RFC822_SIZE: b"RFC822.SIZE %d",
    Attribute.ENVELOPE: b"ENVELOPE %b",
    Attribute.BODY: b"BODY %b",
    Attribute.BODYSTRUCTURE: b"BODYSTRUCTURE %b",
    Attribute.MODSEQ: b"MODSEQ (%d)",  # RFC 7162 3.1.4.2
    Attribute.EMAILID: b"EMAILID (%b)",  # RFC 8474 5.1
    Attribute.THREADID: b"THREADID %b",  # "(" id ")" or NIL; RFC 8474 5.2
    Attribute.SAVEDATE: b"SAVEDATE %b",  # a date-time; RFC 8514 4.2
}


# How a response begins, by whether it names its message by UID alone (RFC 9586 3.3)
HEADS: dict[bool, bytes] = {False: b"* %d FETCH (%b", True: b"* %d UIDFETCH (%b"}


def line_format(attributes: Iterable[Attribute], whole: bytes | None = None, *, uid_only: bool = False) -> bytes:
    """A whole response to be filled by `%` with the message number and the attributes' values, in that order.

    Values are ints for UID, RFC822.SIZE and MODSEQ, and bytes ready to send for the others. `whole` labels a section
    behind them that is all of a message, whose size and octets are the last values. With `uid_only` the number is the
    UID.
    """
    items = [_FORMATS[attribute] for attribute in attributes]
    if whole is not None:
        items.append(whole + b" {%d}\r\n%b")
    return HEADS[uid_only].replace(b"%b", b" ".join(items)) + b")\r\n"


class FlagLines(dict[int, bytes]):
    """Patterns of responses with FLAGS and UID alone; by flags, RECENT and keywords as one number.

    The flags stand in each already; what is left to be filled by `%` is the message number, or the UID, and the UID.
    """

    __slots__ = ("_flag_lists", "_pattern")

    def __init__(self, attributes: Iterable[Attribute], flag_lists: FlagLists, *, uid_only: bool = False) -> None:
        super().__init__()
        self._flag_lists = flag_lists
        self._pattern = line_format(attributes, uid_only=uid_only)

    def __missing__(self, bits: int) -> bytes:
        shown = self._flag_lists.render(bits & (1 << KEYWORDS_AT) - 1, bits >> KEYWORDS_AT)
        pattern = self[bits] = self._pattern.replace(b"FLAGS %b", b"FLAGS " + shown)
        return pattern


def items_format(attributes: Iterable[Attribute]) -> bytes:
    """The same without what stands around the items; sections follow behind a space, then `)` and CRLF."""
    return b" ".join([_FORMATS[attribute] for attribute in attributes])


def body_octets(octets: bytes) -> bytes:
    """A message's octets as a literal may carry them: NUL, which it may not (RFC 9051 9, CHAR8), becomes 80 hex.

    Their number stays, so that sizes and partial fetches are right; BINARY gives the message as it is.
    """
    return octets if octets.find(b"\0") < 0 else octets.replace(b"\0", b"\x80")  # half the time of `in`


def section_head(label: bytes, size: int, *, literal8: bool = False) -> bytes:
    """`BODY[] {1234}` and CRLF; so many octets follow, streamed by the caller: through `body_octets` if no literal8."""
    return b"%b %b{%d}\r\n" % (label, b"~" if literal8 else b"", size)


def section_item(label: bytes, octets: bytes | None) -> bytes:
    """A section held in memory, as a literal; None (no such part) is NIL."""
    if octets is None:
        return label + b" NIL"
    return b"%b {%d}\r\n%b" % (label, len(octets), body_octets(octets))
