"""The grammar of commands of the session itself; RFC 9051 9, and the extensions named at each."""

from __future__ import annotations

import binascii
from collections.abc import Callable

from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.session import (
    Authenticate,
    Comparator,
    Compress,
    Enable,
    Id,
    Language,
    Login,
)
from posthouse.protocols.imap.wire.reader import Expected, Reader


def bare(command: Callable[[str], Command], reader: Reader, tag: str) -> Command:
    """A command without arguments."""
    reader.end()
    return command(tag)


def id_(reader: Reader, tag: str) -> Id:
    """`"ID" SP ("(" [string SP nstring *(SP string SP nstring)] ")" / nil)`; RFC 2971 4."""
    reader.sp()
    fields: list[tuple[str, str | None]] = []
    if reader.text.startswith(b"(", reader.at):
        fields = reader.listed(lambda: _id_field(reader), empty=True)
    elif reader.word("ID fields or NIL") != b"NIL":
        raise Expected("expected a list of ID fields, or NIL")
    reader.end()
    return Id(tag, tuple(fields))


def _id_field(reader: Reader) -> tuple[str, str | None]:
    name = reader.string("an ID field in quotes").decode("utf-8", "replace").lower()
    reader.sp()
    value = reader.nstring("an ID value in quotes or NIL")
    return name, None if value is None else value.decode("utf-8", "replace")


def login(reader: Reader, tag: str) -> Login:
    """`"LOGIN" SP userid SP password`."""
    reader.sp()
    name = reader.text_string("a user name")
    reader.sp()
    password = reader.text_string("a password")
    reader.end()
    return Login(tag, name, password)


def authenticate(reader: Reader, tag: str) -> Authenticate:
    """`"AUTHENTICATE" SP auth-type [SP initial-resp]`; an empty initial response is "=" (RFC 4959 3)."""
    reader.sp()
    mechanism = reader.word("a mechanism").decode("ascii")
    initial: bytes | None = None
    if not reader.at_end():
        reader.sp()
        initial = _base64(reader.text[reader.at :].rstrip(b" "))
    return Authenticate(tag, mechanism, initial)


def _base64(octets: bytes) -> bytes:
    if octets == b"=":
        return b""
    try:
        return binascii.a2b_base64(octets, strict_mode=True)
    except binascii.Error:
        raise Expected('expected an initial response in base64, or "="') from None


def language(reader: Reader, tag: str) -> Language:
    """`"LANGUAGE" *(SP lang-range-quoted)`; RFC 5255 3.4."""
    ranges: list[str] = []
    if not reader.at_end():
        reader.sp()
        ranges = reader.rest(lambda: reader.text_string("a language range").lower())
    return Language(tag, tuple(ranges))


def comparator(reader: Reader, tag: str) -> Comparator:
    """`"COMPARATOR" *(SP comp-order-quoted)`; RFC 5255 4.10."""
    wanted: list[str] = []
    if not reader.at_end():
        reader.sp()
        wanted = reader.rest(lambda: reader.text_string("a collation").lower())
    return Comparator(tag, tuple(wanted))


def enable(reader: Reader, tag: str) -> Enable:
    """`"ENABLE" 1*(SP capability)`; RFC 5161 4."""
    reader.sp()
    names = reader.rest(lambda: reader.word("a capability").decode("ascii"))
    return Enable(tag, tuple(dict.fromkeys(names)))


def compress(reader: Reader, tag: str) -> Compress:
    """`"COMPRESS" SP algorithm`; RFC 4978 5."""
    reader.sp()
    algorithm = reader.word("an algorithm").decode("ascii")
    reader.end()
    return Compress(tag, algorithm)
