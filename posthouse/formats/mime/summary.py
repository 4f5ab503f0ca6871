"""What lists, searches and threads need to know of a message, decoded; RFC 5322 3.6."""

from __future__ import annotations

import re

import msgspec

from posthouse.formats.mime.addresses import display_text, parse_addresses
from posthouse.formats.mime.attachments import has_attachment
from posthouse.formats.mime.dates import parse_date
from posthouse.formats.mime.headers import Fields, first, joined
from posthouse.formats.mime.part import Part
from posthouse.formats.mime.text import preview
from posthouse.formats.mime.words import decode_words

_MESSAGE_ID = re.compile(rb"<[^<>]*+>")


class Summary(msgspec.Struct, frozen=True):
    """The header for people and programs. `sent` is in ms since the epoch, None without a readable Date.

    The message id stands with its angle brackets. Addresses are display text: `Ann Bee <ann@example.org>, ...`.
    """

    sent: int | None
    message_id: str
    subject: str
    from_: str
    to: str
    cc: str
    preview: str
    has_attachment: bool


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
    )


def _message_id(value: bytes | None) -> str:
    if not value:
        return ""
    match = _MESSAGE_ID.search(value)
    return decode_words(b"".join(match[0].split()) if match else value)


def _people(fields: Fields, name: bytes) -> str:
    value = joined(fields, name)
    return display_text(parse_addresses(value)) if value else ""
