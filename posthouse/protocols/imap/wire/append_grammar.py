"""APPEND and REPLACE, whose messages stream between the pieces of their text.

RFC 9051 9 (append), RFC 3502 (several messages), RFC 4469 5 (CATENATE), RFC 6855 4 (UTF8), RFC 8508 4 (REPLACE).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from posthouse.protocols.imap.wire.commands.append import Append, AppendMessage, Replace, Replaced
from posthouse.protocols.imap.wire.events import AppendEnd, AppendStart, AppendText, AppendUrl
from posthouse.protocols.imap.wire.flags import Flags
from posthouse.protocols.imap.wire.reader import MAX_NUMBER64, Expected, Reader
from posthouse.protocols.imap.wire.sequence import STAR

HEAD = re.compile(rb'([^\x00-\x20(){%*"\\+\x7f-\xff]+) (APPEND|(?:UID )?REPLACE)(?![^ ])', re.IGNORECASE)
_LITERAL = re.compile(rb"(~?)\{(\d{1,20})(\+?)\}\r\n")
_UTF8 = re.compile(rb"UTF8 \(", re.IGNORECASE)
_CATENATE = re.compile(rb"CATENATE \(", re.IGNORECASE)
_URL = re.compile(rb"URL(?= )", re.IGNORECASE)
_TEXT = re.compile(rb"TEXT ", re.IGNORECASE)

Piece = AppendStart | AppendText | AppendUrl | AppendEnd | Append | Replace


class Appending:
    """A command whose messages are coming."""

    __slots__ = ("at", "closing", "messages", "name", "parts", "replaced", "tag", "verb")

    def __init__(self, head: re.Match[bytes]) -> None:
        self.tag = head[1].decode("ascii")
        self.verb = head[2].upper()
        self.replaced: Replaced | None = None
        self.name: str | None = None
        self.messages: list[AppendMessage] = []
        self.parts = -1  # of the CATENATE that is open; none is when negative
        self.closing = False  # the parenthesis of UTF8 (~{n}) is to come
        self.at = 0  # what of the text is not needed any more


def pieces(reader: Reader, appending: Appending) -> Iterator[Piece]:
    """What the text says, piece by piece; it ends in a literal's header or with the command.

    Raises Incomplete at the literal of a name or URL whose octets are to come: the text from `appending.at` on is to be
    read again then. Raises Expected when the text does not fit.
    """
    appending.at = 0
    if appending.name is None:
        _target(reader, appending)
    while True:
        if appending.closing:
            reader.expect(b")")
            appending.closing = False
            appending.at = reader.at
        if appending.parts < 0 and appending.messages and reader.at_end():
            yield _command(appending)
            return
        piece = _next_piece(reader, appending)
        appending.at = reader.at
        yield piece
        if reader.partial and reader.at == len(reader.text):
            return


def _next_piece(reader: Reader, appending: Appending) -> Piece:
    if appending.parts > 0 and reader.skip(b")"):
        appending.parts = -1
        return AppendEnd()
    if appending.parts >= 0:
        return _part(reader, appending)
    if appending.replaced is not None and appending.messages:
        raise reader.expected("the end of the command")
    return _message(reader, appending)


def _target(reader: Reader, appending: Appending) -> None:
    """`SP mailbox`, of REPLACE behind the number of a message."""
    replaced: Replaced | None = None
    reader.sp()
    if appending.verb != b"APPEND":
        number = STAR if reader.skip(b"*") else reader.number("the number of a message, or *", least=1)
        replaced = Replaced(number, appending.verb != b"REPLACE")
        reader.sp()
    appending.name = reader.mailbox()
    appending.replaced = replaced


def _message(reader: Reader, appending: Appending) -> AppendStart:
    """append-message, up to its octets or its first part."""
    if len(appending.messages) >= reader.limits.appended_messages:
        raise Expected(f"more than {reader.limits.appended_messages} messages in one command", "LIMIT")
    reader.sp()
    flags = Flags()
    internal_date: int | None = None
    if reader.text.startswith(b"(", reader.at):
        flags = reader.flag_list()
        reader.sp()
    if reader.text.startswith(b'"', reader.at):
        internal_date = reader.date_time()
        reader.sp()
    match = _CATENATE.match(reader.text, reader.at)
    if match is not None:
        reader.at = match.end()
        appending.parts = 0
        message = AppendMessage(flags, internal_date, catenated=True)
        waits = False
    else:
        text = _literal(reader, "flags, a date-time, CATENATE or the message as a literal")
        appending.closing = text.utf8
        message = AppendMessage(flags, internal_date, text.size, text.literal8, text.utf8)
        waits = text.synchronising
    appending.messages.append(message)
    assert appending.name is not None
    return AppendStart(appending.tag, appending.name, message, waits, len(appending.messages) - 1, appending.replaced)


def _part(reader: Reader, appending: Appending) -> AppendUrl | AppendText:
    """cat-part; RFC 4469 5."""
    if appending.parts >= reader.limits.list_items:
        raise Expected(f"more than {reader.limits.list_items} parts in one message", "LIMIT")
    if appending.parts:
        reader.sp()
    part: AppendUrl | AppendText
    match = _URL.match(reader.text, reader.at)
    if match is not None:
        reader.at = match.end() + 1
        part = AppendUrl(reader.astring("a URL"))
    else:
        match = _TEXT.match(reader.text, reader.at)
        if match is not None:
            reader.at = match.end()
        part = _literal(reader, "URL, or TEXT and a literal", utf8=match is None)
        if match is None and not part.utf8:
            raise reader.expected("URL, or TEXT and a literal")
        appending.closing = part.utf8
    appending.parts += 1
    return part


def _literal(reader: Reader, what: str, *, utf8: bool = True) -> AppendText:
    """literal, literal8 or `UTF8 (literal8)`, whose header ends the text."""
    match = _UTF8.match(reader.text, reader.at) if utf8 else None
    if match is not None:
        reader.at = match.end()
    literal = _LITERAL.match(reader.text, reader.at)
    if literal is None or literal.end() != len(reader.text) or (match and not literal[1]):
        raise reader.expected(what)
    size = int(literal[2])
    if size > MAX_NUMBER64:
        raise Expected("the message is too large", "TOOBIG")
    reader.at = literal.end()
    return AppendText(size, not literal[3], bool(literal[1]), match is not None)


def _command(appending: Appending) -> Append | Replace:
    assert appending.name is not None
    replaced = appending.replaced
    if replaced is None:
        return Append(appending.tag, appending.name, tuple(appending.messages))
    return Replace(appending.tag, appending.name, tuple(appending.messages), replaced)
