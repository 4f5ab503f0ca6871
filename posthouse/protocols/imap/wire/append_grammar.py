"""APPEND up to the literal that is the message; RFC 9051 9 (append), RFC 3502 (several messages), RFC 6855 4 (UTF8)."""

from __future__ import annotations

import re

from posthouse.protocols.imap.wire.commands import Append, AppendMessage
from posthouse.protocols.imap.wire.flags import Flags
from posthouse.protocols.imap.wire.reader import MAX_NUMBER64, Expected, Reader

_LITERAL = re.compile(rb"(~?)\{(\d{1,20})\+?\}\r\n")
_UTF8 = re.compile(rb"UTF8 \(", re.IGNORECASE)


def append(reader: Reader, tag: str) -> Append:
    """A line that begins with APPEND and ends without a literal cannot be whole; always raises."""
    append_name(reader)
    append_message(reader)
    raise reader.expected("the message as a literal")


def append_name(reader: Reader) -> str:
    """`SP mailbox`, behind "APPEND"."""
    reader.sp()
    return reader.mailbox()


def append_message(reader: Reader) -> AppendMessage:
    """append-message, whose literal header ends the text."""
    reader.sp()
    flags = Flags()
    internal_date: int | None = None
    if reader.text.startswith(b"(", reader.at):
        flags = reader.flag_list()
        reader.sp()
    if reader.text.startswith(b'"', reader.at):
        internal_date = reader.date_time()
        reader.sp()
    match = _UTF8.match(reader.text, reader.at)
    if match is not None:
        reader.at = match.end()
    literal = _LITERAL.match(reader.text, reader.at)
    if literal is None or literal.end() != len(reader.text) or (match and not literal[1]):
        raise reader.expected("flags, a date-time or the message as a literal")
    size = int(literal[2])
    if size > MAX_NUMBER64:
        raise Expected("the message is too large", "TOOBIG")
    reader.at = literal.end()
    return AppendMessage(flags, internal_date, size, bool(literal[1]), match is not None)
