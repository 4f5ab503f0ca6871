"""One command line to its command; RFC 1939 3."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable

from posthouse.protocols.pop3.errors import Senseless
from posthouse.protocols.pop3.wire.commands import (
    Apop,
    Auth,
    Capa,
    Command,
    Dele,
    Lang,
    List,
    Noop,
    Pass,
    Quit,
    Retr,
    Rset,
    Stat,
    Stls,
    Top,
    Uidl,
    User,
    Utf8,
)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NUMBER = re.compile(r"[0-9]{1,10}")
_MECHANISM = re.compile(r"[A-Za-z0-9_-]{1,20}")  # RFC 4422 3.1
_TAG = re.compile(r"\*|[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8}){0,8}")


def read_command(line: bytes) -> Command:
    """The command on a line without its end; raises Senseless, for the peer to be told."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise Senseless("That is not UTF-8") from None
    verb, blank, rest = text.partition(" ")
    reader = READERS.get(verb.upper())
    if reader is None:
        raise Senseless("No such command")
    if reader is not _pass and _CONTROL.search(rest) is not None:
        raise Senseless("A command has no control characters")
    return reader(rest if blank else None)


def read_response(line: bytes) -> bytes | None:
    """A SASL response in base64, None for "*", which ends the exchange (RFC 5034 4); raises Senseless."""
    if line == b"*":
        return None
    try:
        return binascii.a2b_base64(line, strict_mode=True)
    except binascii.Error:
        raise Senseless("Expected base64") from None


def _alone(command: Command) -> Callable[[str | None], Command]:
    def read(rest: str | None) -> Command:
        if rest is not None and rest.strip(" "):
            raise Senseless("That command stands alone")
        return command

    return read


def _numbers(rest: str | None, least: int, most: int) -> list[int]:
    words = (rest or "").split()
    if not least <= len(words) <= most or not all(_NUMBER.fullmatch(word) for word in words):
        raise Senseless("Expected the number of a message" if most == 1 else "Expected two numbers")
    return [int(word) for word in words]


def _one(kind: type[Retr] | type[Dele]) -> Callable[[str | None], Command]:
    return lambda rest: kind(*_numbers(rest, 1, 1))


def _one_or_all(kind: type[List] | type[Uidl]) -> Callable[[str | None], Command]:
    return lambda rest: kind(next(iter(_numbers(rest, 0, 1)), None))


def _top(rest: str | None) -> Top:
    return Top(*_numbers(rest, 2, 2))


def _user(rest: str | None) -> User:
    if not rest or not rest.strip():
        raise Senseless("Expected a name")
    return User(rest.strip())


def _pass(rest: str | None) -> Pass:
    if not rest:
        raise Senseless("Expected a password")
    return Pass(rest)  # blanks belong to it (RFC 1939 7)


def _auth(rest: str | None) -> Auth:
    words = (rest or "").split()
    if not words:
        return Auth(None)
    if len(words) > 2 or not _MECHANISM.fullmatch(words[0]):
        raise Senseless("Expected a mechanism and a response")
    initial = None
    if len(words) == 2:
        initial = b"" if words[1] == "=" else read_response(words[1].encode())
        if initial is None:
            raise Senseless("Expected base64")
    return Auth(words[0].upper(), initial)


def _lang(rest: str | None) -> Lang:
    if rest is None or not rest.strip():
        return Lang(None)
    if _TAG.fullmatch(rest.strip()) is None:
        raise Senseless("Expected a language")
    return Lang(rest.strip().lower())


READERS: dict[str, Callable[[str | None], Command]] = {
    "CAPA": _alone(Capa()),
    "QUIT": _alone(Quit()),
    "NOOP": _alone(Noop()),
    "STLS": _alone(Stls()),
    "UTF8": _alone(Utf8()),
    "LANG": _lang,
    "USER": _user,
    "PASS": _pass,
    "APOP": lambda _: Apop(),
    "AUTH": _auth,
    "STAT": _alone(Stat()),
    "LIST": _one_or_all(List),
    "UIDL": _one_or_all(Uidl),
    "RETR": _one(Retr),
    "TOP": _top,
    "DELE": _one(Dele),
    "RSET": _alone(Rset()),
}
