"""What lists, searches and threads need to know of a message, decoded; RFC 5322 3.6."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from posthouse.formats.mime.addresses import display_text, parse_addresses
from posthouse.formats.mime.attachments import has_attachment
from posthouse.formats.mime.dates import parse_date
from posthouse.formats.mime.headers import Fields, first, joined
from posthouse.formats.mime.part import Part
from posthouse.formats.mime.text import preview
from posthouse.formats.mime.words import decode_words

MOST_REFERENCES = 64  # of a longer chain the beginning and the nearest are kept

_MESSAGE_ID = re.compile(rb"<[^<>]*+>")

SHORT = 200  # octets of an address field, up to which it is remembered


class Summary(msgspec.Struct, frozen=True):
    """The header for people and programs. `sent` is in ms since the epoch, None without a readable Date.

    Message ids stand with their angle brackets; `references` are those that it answers, the oldest first (RFC 5256 5).
    Addresses are display text: `Ann Bee <ann@example.org>, ...`.
    """

    sent: int | None
    message_id: str
    subject: str
    from_: str
    to: str
    cc: str
    preview: str
    has_attachment: bool
    references: tuple[bytes, ...] = ()


def summary(message: Part, fields: Fields) -> Summary:
    """The summary of a scanned message whose header was read."""
    date = first(fields, b"date")
    return Summary(
        sent=None if date is None else parse_date(date),
        message_id=_message_id(first(fields, b"message-id")),
        subject=decode_words(first(fields, b"subject") or b""),
        from_=_people(fields, b"from"),
        to=_people(fields, b"to"),
        cc=_people(fields, b"cc"),
        preview=preview(message),
        has_attachment=has_attachment(message),
        references=_references(fields),
    )


def _message_id(value: bytes | None) -> str:
    if not value:
        return ""
    match = _MESSAGE_ID.search(value)
    return decode_words(b"".join(match[0].split()) if match else value)


def _references(fields: Fields) -> tuple[bytes, ...]:
    """RFC 5256 5: where References holds no id, the first of In-Reply-To is it."""
    value = joined(fields, b"references")
    found = _ids(value) if value else ()
    if found:
        return (found[0], *found[1 - MOST_REFERENCES :]) if len(found) > MOST_REFERENCES else found
    value = first(fields, b"in-reply-to")
    # words in brackets that old programs write there (<a date>) are no ids
    return tuple([id_ for id_ in _ids(value) if b"@" in id_][:1]) if value else ()


def _ids(value: bytes) -> tuple[bytes, ...]:
    return tuple([b"".join(id_.split()) for id_ in _MESSAGE_ID.findall(value)])


def _people(fields: Fields, name: bytes) -> str:
    value = joined(fields, name)
    if not value:
        return ""
    return _remembered(value) if len(value) <= SHORT else display_text(parse_addresses(value))


@lru_cache(maxsize=1024)
def _remembered(value: bytes) -> str:
    """The same people write to each other again and again."""
    return display_text(parse_addresses(value))
