"""A small reader of IMAP parenthesised lists, to see that what the formats write can be read; RFC 9051 9."""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(rb'([()])|"((?:[^"\\\r\n\x00\x80-\xff]|\\["\\])*)"|\{(\d+)\}\r\n|(NIL)(?=[ )]|$)|(\d+)(?=[ )]|$)| ')


def read_list(octets: bytes) -> Any:
    """One value: a list, bytes, an int or None; raises ValueError unless all of it is exactly in the grammar."""
    stack: list[list[Any]] = [[]]
    at = 0
    after_blank = True  # a value may come only where the grammar has a space, or right behind a parenthesis
    while at < len(octets):
        match = _TOKEN.match(octets, at)
        if match is None:
            raise ValueError(f"not IMAP at {at}: {octets[at : at + 40]!r}")
        parenthesis, quoted, literal, nil, number = match.groups()
        at = match.end()
        if parenthesis == b"(":
            stack.append([])
            after_blank = True
            continue
        if parenthesis == b")":
            if len(stack) < 2 or (after_blank and stack[-1]):
                raise ValueError(f"a parenthesis too many, or a space before it, at {at}")
            closed = stack.pop()
            stack[-1].append(closed)
            after_blank = False
            continue
        if match[0] == b" ":
            if after_blank:
                raise ValueError(f"a space too many at {at}")
            after_blank = True
            continue
        if not after_blank:
            raise ValueError(f"no space before a value at {at}")
        after_blank = False
        if literal is not None:
            stop = at + int(literal)
            value: Any = octets[at:stop]
            if len(value) != int(literal) or b"\x00" in value:
                raise ValueError(f"a wrong literal at {at}")
            at = stop
        elif quoted is not None:
            value = re.sub(rb"\\(.)", rb"\1", quoted)
        else:
            value = int(number) if nil is None else None
        stack[-1].append(value)
    if len(stack) != 1 or len(stack[0]) != 1:
        raise ValueError("not one value")
    return stack[0][0]


def check_envelope(value: Any) -> None:
    """Raises AssertionError unless the value has the form of an ENVELOPE (RFC 9051 9, envelope)."""
    assert len(value) == 10
    for text in (value[0], value[1], value[8], value[9]):
        assert text is None or isinstance(text, bytes)
    for addresses in value[2:8]:
        assert addresses is None or addresses
        for address in addresses or ():
            assert len(address) == 4
            assert all(item is None or isinstance(item, bytes) for item in address)


def check_body(value: Any, *, extensible: bool) -> None:
    """Raises AssertionError unless the value has the form of a body (RFC 9051 9, body)."""
    if isinstance(value[0], list):
        children = [item for item in value if isinstance(item, list) and (isinstance(item[0], list | bytes))]
        count = next(place for place, item in enumerate(value) if not isinstance(item, list))
        for child in value[:count]:
            check_body(child, extensible=extensible)
        assert children
        assert isinstance(value[count], bytes)
        rest = value[count + 1 :]
        assert len(rest) == (4 if extensible else 0)
        if extensible:
            check_parameters(rest[0])
            check_extension(rest[1:])
        return
    kind, subtype, parameters, identity, description, encoding, octets = value[:7]
    assert isinstance(kind, bytes)
    assert isinstance(subtype, bytes)
    check_parameters(parameters)
    assert identity is None or isinstance(identity, bytes)
    assert description is None or isinstance(description, bytes)
    assert isinstance(encoding, bytes)
    assert isinstance(octets, int)
    rest = value[7:]
    if kind == b"message" and subtype in (b"rfc822", b"global"):
        check_envelope(rest[0])
        check_body(rest[1], extensible=extensible)
        assert isinstance(rest[2], int)
        rest = rest[3:]
    elif kind == b"text":
        assert isinstance(rest[0], int)
        rest = rest[1:]
    assert len(rest) == (4 if extensible else 0)
    if extensible:
        assert rest[0] is None or isinstance(rest[0], bytes)
        check_extension(rest[1:])


def check_parameters(value: Any) -> None:
    assert value is None or (value and len(value) % 2 == 0 and all(isinstance(item, bytes) for item in value))


def check_extension(rest: list[Any]) -> None:
    disposition, language, location = rest
    if disposition is not None:
        assert isinstance(disposition[0], bytes)
        check_parameters(disposition[1])
    assert language is None or all(isinstance(tag, bytes) for tag in language)
    assert location is None or isinstance(location, bytes)
