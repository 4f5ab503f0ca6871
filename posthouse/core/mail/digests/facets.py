"""The facets of a message that are kept side by side, and their octets: numbers as an array, texts a line each."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from enum import IntEnum

from posthouse.core.mail.ids import KEY_OCTETS, header_key
from posthouse.core.mail.messages import Row
from posthouse.core.mail.records import Header
from posthouse.formats.casemap import casemap
from posthouse.formats.mime.addresses import Group, Mailbox, parse_addresses
from posthouse.formats.mime.base_subject import base_subject


class Facet(IntEnum):
    """What can be asked for; a number stands in keys and is never used for anything else.

    Times in ms since the epoch. Texts are as `casemap` has them, in UTF-8. The keys are what RFC 5256 3 and RFC 5957
    sort by. ID and REFERENCES are message ids as `core.mail.ids` keeps them.
    """

    UIDS = 0
    SENT = 1  # of a message without a date when it was received (RFC 5256 2.2)
    RECEIVED = 2
    SIZE = 3
    SUBJECT = 4
    FROM = 5
    TO = 6
    CC = 7
    MESSAGE_ID = 8
    SUBJECT_KEY = 9  # the base subject
    FROM_KEY = 10
    TO_KEY = 11
    CC_KEY = 12
    FROM_NAME_KEY = 13
    TO_NAME_KEY = 14
    ID = 15
    REFERENCES = 16
    IS_REPLY = 17  # 1 where the subject says that the message is a reply or a forward
    MESSAGE = 18  # its number, the same wherever it is moved


_EMPTY = Header(0, "", "", "", "", "")

Numbers = Callable[[Row], int]


def header_of(row: Row) -> Header:
    """A message whose record was lost has nothing in its header."""
    return row.record.header if row.record is not None else _EMPTY


def _first(addresses: str) -> Mailbox | Group | None:
    # the first address is all that is sorted by: the others need not be read
    return next(iter(parse_addresses(addresses[:_ADDRESS].encode())), None)


_ADDRESS = 1000


def _mailbox_key(addresses: str) -> str:
    """addr-mailbox of the first address, which of a group is its name; RFC 5256 3."""
    first = _first(addresses)
    octets = b"" if first is None else first.name if isinstance(first, Group) else first.local
    return casemap(octets.decode("utf-8", "replace"))


def _name_key(addresses: str) -> str:
    """The name that is displayed of the first address, else its mailbox@host; RFC 5957 3."""
    first = _first(addresses)
    if first is None:
        return ""
    if isinstance(first, Group):
        octets = first.name
    else:
        octets = first.name or (first.local + b"@" + first.domain if first.domain else first.local)
    return casemap(octets.decode("utf-8", "replace"))


NUMBERS: dict[Facet, tuple[str, Numbers]] = {
    Facet.UIDS: ("I", lambda row: row.uid),
    Facet.SENT: ("q", lambda row: header_of(row).sent or row.received),
    Facet.RECEIVED: ("q", lambda row: row.received),
    Facet.SIZE: ("q", lambda row: row.size),
    Facet.ID: ("Q", lambda row: int.from_bytes(header_key(header_of(row).message_id), "little")),
    Facet.IS_REPLY: ("B", lambda row: base_subject(header_of(row).subject).is_reply),
    Facet.MESSAGE: ("I", lambda row: row.message),
}
TEXTS: dict[Facet, Callable[[Header], str]] = {
    Facet.SUBJECT: lambda header: casemap(header.subject),
    Facet.FROM: lambda header: casemap(header.from_),
    Facet.TO: lambda header: casemap(header.to),
    Facet.CC: lambda header: casemap(header.cc),
    Facet.MESSAGE_ID: lambda header: casemap(header.message_id),
    Facet.SUBJECT_KEY: lambda header: casemap(base_subject(header.subject).text),
    Facet.FROM_KEY: lambda header: _mailbox_key(header.from_),
    Facet.TO_KEY: lambda header: _mailbox_key(header.to),
    Facet.CC_KEY: lambda header: _mailbox_key(header.cc),
    Facet.FROM_NAME_KEY: lambda header: _name_key(header.from_),
    Facet.TO_NAME_KEY: lambda header: _name_key(header.to),
}

Values = Sequence[int] | Sequence[str] | Sequence[bytes]


def encoded(facet: Facet, rows: list[Row]) -> bytes:
    """That facet of messages whose rows were read with their records, as it is stored; arrays are little-endian."""
    if facet in NUMBERS:
        code, number = NUMBERS[facet]
        return array(code, [number(row) for row in rows]).tobytes()
    if facet is Facet.REFERENCES:
        keys = [header_of(row).references for row in rows]
        return array("H", [len(each) // KEY_OCTETS for each in keys]).tobytes() + b"".join(keys)
    text = TEXTS[facet]
    # no line end stands in a decoded field, but in a casemapped one something may have become one
    return "\n".join([text(header_of(row)).replace("\n", " ") for row in rows]).encode("utf-8", "replace")


def decoded(facet: Facet, octets: bytes, count: int) -> Values:
    """The values of `count` messages, of octets that fit.

    Texts are octets in the guise of characters (Latin-1): they sort as their UTF-8 does, and faster. REFERENCES are
    keys beside each other.
    """
    if facet in NUMBERS:
        return array(NUMBERS[facet][0], octets)
    if facet is Facet.REFERENCES:
        return _references(octets, count)
    return octets.decode("latin-1").split("\n") if count else []


def fits(facet: Facet, octets: bytes, count: int) -> bool:
    """True when they can be the values of so many messages."""
    if facet in NUMBERS:
        return len(octets) == count * array(NUMBERS[facet][0]).itemsize
    if facet is Facet.REFERENCES:
        counts = octets[: 2 * count]
        return len(counts) == 2 * count and len(octets) == 2 * count + sum(array("H", counts)) * KEY_OCTETS
    return octets.count(b"\n") == max(count - 1, 0)


def _references(octets: bytes, count: int) -> list[bytes]:
    found = []
    at = 2 * count
    for number in array("H", octets[:at]):
        found.append(octets[at : at + number * KEY_OCTETS])
        at += number * KEY_OCTETS
    return found
