"""What SEARCH asks in its body: DAV:basicsearch; RFC 5323 5. Parsed into a tree of conditions, with bounds."""

from __future__ import annotations

from typing import Literal

import msgspec

from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.wire.errors import DavError
from posthouse.webdav.wire.questions import Wish, names_in, wish_of
from posthouse.webdav.wire.xml import Element, child, children, text_of

MOST_CONDITIONS = 200
MOST_SCOPES = 10
_COMPARED = ("eq", "lt", "lte", "gt", "gte", "like")
_KINDS = (*_COMPARED, "contains", "is-collection", "is-defined", "language-defined", "language-matches")

Compared = Literal["eq", "lt", "lte", "gt", "gte", "like"]


class Test(msgspec.Struct, frozen=True):
    """One condition: `kind` is its element's name, `name` that of the property it is on, `literal` what it asks for."""

    kind: str
    name: str = ""
    literal: str = ""
    folds_case: bool = True


class Both(msgspec.Struct, frozen=True):
    """Conditions of which all must hold ("and"), any ("or"), or not the one ("not")."""

    kind: Literal["and", "or", "not"]
    inner: tuple[Test | Both, ...]


Condition = Test | Both


class Order(msgspec.Struct, frozen=True):
    """A property to sort by."""

    name: str
    descending: bool
    folds_case: bool


class Scope(msgspec.Struct, frozen=True):
    """Where to look: an address, and how many levels below it, None for all."""

    where: str
    levels: int | None


class BasicSearch(msgspec.Struct, frozen=True):
    """A question; `where` None wants everything, `limit` None as much as there may be."""

    select: Wish
    scopes: tuple[Scope, ...]
    where: Condition | None
    orders: tuple[Order, ...]
    limit: int | None


def read_basic_search(root: Element) -> BasicSearch:
    """The question of a searchrequest; raises HttpError: 400 for what cannot be read, 422 for what is not known."""
    basic = child(root, "{DAV:}basicsearch")
    if root.tag != "{DAV:}searchrequest" or basic is None:
        raise DavError(422, "{DAV:}search-grammar-supported", "only basicsearch is understood")
    select, source = child(basic, "{DAV:}select"), child(basic, "{DAV:}from")
    if select is None or source is None:
        raise HttpError(400, "select or from is missing")
    scopes = tuple([_scope(each) for each in children(source) if each.tag == "{DAV:}scope"])
    if not scopes:
        raise HttpError(400, "where?")
    if len(scopes) > MOST_SCOPES:
        raise DavError(422, "{DAV:}search-multiple-scope-supported", "in too many places")
    where = child(basic, "{DAV:}where")
    conditions = [] if where is None else children(where)
    if len(conditions) > 1 or (where is not None and not conditions):
        raise HttpError(400, "where has one condition")
    orderby = child(basic, "{DAV:}orderby")
    orders = tuple([_order(each) for each in ([] if orderby is None else children(orderby))])
    reader = _Reader()
    return BasicSearch(
        wish_of(select), scopes, reader.condition(conditions[0]) if conditions else None, orders, _limit(basic)
    )


class _Reader:
    def __init__(self) -> None:
        self._left = MOST_CONDITIONS

    def condition(self, element: Element) -> Condition:
        """A condition and those in it."""
        self._left -= 1
        if self._left < 0:
            raise HttpError(400, "too many conditions")
        kind = str(element.tag).removeprefix("{DAV:}")
        if kind in ("and", "or", "not"):
            inner = tuple([self.condition(each) for each in children(element)])
            if not inner or (kind == "not" and len(inner) != 1):
                raise HttpError(400, f"{kind} of what?")
            return Both("and" if kind == "and" else "or" if kind == "or" else "not", inner)
        if kind not in _KINDS:
            raise HttpError(422, f"{kind[:40]} is not understood")
        if kind == "is-collection":
            return Test(kind)
        if kind == "contains":
            return Test(kind, literal=text_of(element))
        prop, literal = child(element, "{DAV:}prop"), child(element, "{DAV:}literal")
        names = () if prop is None else names_in(prop)
        if len(names) != 1 or (literal is None and kind in (*_COMPARED, "language-matches")):
            raise HttpError(400, f"{kind} needs one property, and a literal")
        # octets of a literal count, blanks too (5.12.1)
        text = "" if literal is None else "".join(str(piece) for piece in literal.itertext())
        return Test(kind, names[0], text, element.get("caseless", "yes") != "no")


def _scope(element: Element) -> Scope:
    where, levels = text_of(child(element, "{DAV:}href")), text_of(child(element, "{DAV:}depth"))
    if levels not in ("0", "1", "infinity"):
        raise HttpError(400, "depth is 0, 1 or infinity")
    return Scope(where, None if levels == "infinity" else int(levels))


def _order(element: Element) -> Order:
    prop = child(element, "{DAV:}prop")
    names = () if prop is None else names_in(prop)
    if element.tag != "{DAV:}order" or len(names) != 1:
        raise HttpError(400, "an order is of one property")
    is_down = child(element, "{DAV:}descending") is not None
    return Order(names[0], is_down, element.get("caseless", "yes") != "no")


def _limit(basic: Element) -> int | None:
    limit = child(basic, "{DAV:}limit")
    if limit is None:
        return None
    number = text_of(child(limit, "{DAV:}nresults"))
    if not number.isdecimal() or not number.isascii():
        raise HttpError(400, "nresults is no number")
    return int(number[:12])
