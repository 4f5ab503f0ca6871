"""Whether a resource fits a search, and in which order those that do come; RFC 5323 5.5 to 5.8.

A condition on a property that is not there is neither true nor false (5.5.3): None here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import msgspec

from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.tree import Member
from posthouse.webdav.wire.dates import read_date
from posthouse.webdav.wire.searching import Both, Condition, Order, Test
from posthouse.webdav.wire.xml import read_document

Value = str | int
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

# properties that are compared otherwise than as text (5.5.3 wants their types taken into account)
TYPED: Mapping[str, Callable[[Member], Value | None]] = {
    "{DAV:}getcontentlength": lambda member: None if member.is_folder else member.size,
    "{DAV:}getlastmodified": lambda member: member.modified // 1000 or None,
    "{DAV:}creationdate": lambda member: member.created // 1000 or None,
    "{DAV:}displayname": lambda member: member.title or member.name or None,
    "{DAV:}getcontenttype": lambda member: member.media_type or None,
    "{DAV:}getetag": lambda member: member.etag or None,
}
SEARCHABLE = (*TYPED, "{DAV:}resourcetype")
_DATES = ("{DAV:}getlastmodified", "{DAV:}creationdate")


class Resource(msgspec.Struct, frozen=True):
    """A member, what clients keep of it, and its text in small letters, None for what is none or was not read."""

    member: Member
    dead: Mapping[str, bytes]
    text: str | None = None


def fits(condition: Condition, resource: Resource) -> bool | None:
    """Whether a condition holds; None for unknown."""
    if isinstance(condition, Both):
        inner = [fits(each, resource) for each in condition.inner]
        if condition.kind == "not":
            return None if inner[0] is None else not inner[0]
        decisive = condition.kind == "or"
        if decisive in inner:
            return decisive
        return None if None in inner else not decisive
    if condition.kind == "is-collection":
        return resource.member.is_folder
    if condition.kind == "contains":
        return None if resource.text is None else condition.literal.casefold() in resource.text
    if condition.kind == "is-defined":
        return _value(condition.name, resource) is not None
    if condition.kind in ("language-defined", "language-matches"):
        return _language(condition, resource)
    held = _value(condition.name, resource)
    return None if held is None else _compares(condition, held)


def sorted_by(orders: Sequence[Order], resources: list[tuple[Resource, str]]) -> list[tuple[Resource, str]]:
    """In that order; what has no such property comes first, and last where it goes down (5.6)."""
    for order in reversed(orders):
        resources = sorted(resources, key=lambda each: _rank(order, each[0]), reverse=order.descending)
    return resources


def check(condition: Condition) -> None:
    """Raise HttpError (422) for a literal that is none of its property's type."""
    if isinstance(condition, Both):
        for each in condition.inner:
            check(each)
    elif condition.literal and condition.name in TYPED and condition.kind != "like":
        _typed(condition.name, condition.literal)


def _compares(test: Test, held: Value) -> bool | None:
    if test.kind == "like":
        return None if isinstance(held, int) else is_like(test.literal, held, folds_case=test.folds_case)
    wanted: Value = _typed(test.name, test.literal)
    if isinstance(held, str) or isinstance(wanted, str):
        held, wanted = str(held), str(wanted)
        if test.folds_case:
            held, wanted = held.casefold(), wanted.casefold()
        return _ordered(test.kind, (held > wanted) - (held < wanted))
    return _ordered(test.kind, (held > wanted) - (held < wanted))


def _ordered(kind: str, sign: int) -> bool:
    return {"eq": sign == 0, "lt": sign < 0, "lte": sign <= 0, "gt": sign > 0, "gte": sign >= 0}[kind]


def _typed(name: str, literal: str) -> Value:
    try:
        if name == "{DAV:}getcontentlength":
            return int(literal.strip()[:18])
        if name in _DATES:
            return read_date(literal.strip())
    except (ValueError, OverflowError):
        raise HttpError(422, "a literal is no value of its property") from None
    return literal


def _value(name: str, resource: Resource) -> Value | None:
    if name in resource.dead:
        return "".join(str(piece) for piece in read_document(resource.dead[name]).itertext())
    typed = TYPED.get(name)
    return None if typed is None else typed(resource.member)


def _language(test: Test, resource: Resource) -> bool | None:
    value = resource.dead.get(test.name)
    if value is None:
        return None
    language = read_document(value).get(XML_LANG)
    if test.kind == "language-defined":
        return language is not None
    if language is None:
        return None
    wanted = test.literal.strip().lower()
    return language.lower() == wanted or language.lower().startswith(f"{wanted}-")


def _rank(order: Order, resource: Resource) -> tuple[bool, int, str]:
    held = _value(order.name, resource)
    if held is None:
        return False, 0, ""
    if isinstance(held, int):
        return True, held, ""
    return True, 0, held.casefold() if order.folds_case else held


@lru_cache(100)
def _pieces(literal: str, folds_case: bool) -> list[re.Pattern[str]]:
    """What must follow each other, with any text between: % is for that, _ for one character, a backslash for what
    follows as it is (5.5.6).
    """
    pieces = [""]
    escaped = False
    for character in literal:
        if escaped or character not in "%_\\":
            pieces[-1] += re.escape(character)
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "_":
            pieces[-1] += "."
        else:
            pieces.append("")
    return [re.compile(piece, re.DOTALL | (re.IGNORECASE if folds_case else 0)) for piece in pieces]


def is_like(literal: str, text: str, *, folds_case: bool) -> bool:
    """Whether a text is as the pattern says; each piece is looked for once, so that no pattern takes long."""
    first, *rest = _pieces(literal, folds_case)
    if not rest:
        return first.fullmatch(text) is not None
    *middle, last = rest
    found = first.match(text)
    for piece in middle:
        found = None if found is None else piece.search(text, found.end())
    if found is None:
        return False
    at = len(text) - _length(last)
    return at >= found.end() and last.fullmatch(text, at) is not None


def _length(piece: re.Pattern[str]) -> int:
    """How many characters it is for: it has none but those, escaped or not, and dots."""
    return len(re.sub(r"\\(.)", r"\1", piece.pattern, flags=re.DOTALL))
