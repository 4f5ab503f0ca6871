"""ENVELOPE as a FETCH response carries it; RFC 3501 7.4.2, RFC 9051 7.5.2."""

from __future__ import annotations

from functools import lru_cache

from posthouse.formats.imap.strings import nstring, string
from posthouse.formats.mime.addresses import Group, Mailbox, parse_addresses
from posthouse.formats.mime.headers import Fields, first, joined, read_fields

SHORT = 200  # octets of an address field, up to which it is remembered


def envelope(header: bytes) -> bytes:
    """The parenthesised list for a header block. Texts stand as they came: unfolded, encoded words not decoded."""
    return fields_envelope(read_fields(header))


def fields_envelope(fields: Fields) -> bytes:
    """The same for a header that was read already."""
    sent_from = _addresses(joined(fields, b"from"))
    # RFC 9051 7.5.2: without sender or reply-to, or with an empty one, those are who it is from
    sender = _addresses(joined(fields, b"sender"))
    reply_to = _addresses(joined(fields, b"reply-to"))
    return b"(%b %b %b %b %b %b %b %b %b %b)" % (
        nstring(first(fields, b"date")),
        nstring(first(fields, b"subject")),
        sent_from,
        sent_from if sender == b"NIL" else sender,
        sent_from if reply_to == b"NIL" else reply_to,
        _addresses(joined(fields, b"to")),
        _addresses(joined(fields, b"cc")),
        _addresses(joined(fields, b"bcc")),
        nstring(first(fields, b"in-reply-to")),
        nstring(first(fields, b"message-id")),
    )


def _addresses(value: bytes | None) -> bytes:
    if not value:
        return b"NIL"
    return _remembered(value) if len(value) <= SHORT else _listed(value)


@lru_cache(maxsize=1024)
def _remembered(value: bytes) -> bytes:
    """The same people write to each other again and again."""
    return _listed(value)


def _listed(value: bytes) -> bytes:
    found: list[bytes] = []
    for entry in parse_addresses(value):
        if isinstance(entry, Group):
            found.append(b"(NIL NIL %b NIL)" % string(entry.name))
            found.extend([_address(member) for member in entry.members])
            found.append(b"(NIL NIL NIL NIL)")
        else:
            found.append(_address(entry))
    return b"(%b)" % b"".join(found) if found else b"NIL"


def _address(mailbox: Mailbox) -> bytes:
    # A NIL host would say that a group begins, so a missing one is an empty string.
    return b"(%b %b %b %b)" % (
        string(mailbox.name) if mailbox.name else b"NIL",
        string(mailbox.route) if mailbox.route else b"NIL",
        string(mailbox.local),
        string(mailbox.domain),
    )
