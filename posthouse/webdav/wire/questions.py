"""What PROPFIND and PROPPATCH ask in their bodies; RFC 4918 14.19 and 14.20."""

from __future__ import annotations

from enum import Enum

import msgspec

from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.wire.xml import Element, canonical, child, children, read_document

MOST_PROPERTIES = 500


class Asks(Enum):
    """Which properties are asked for."""

    NAMED = "prop"
    ALL = "allprop"
    NAMES = "propname"


class Wish(msgspec.Struct, frozen=True):
    """The properties asked for: those `names`, or all with these beside."""

    asks: Asks
    names: tuple[str, ...] = ()


def read_wish(octets: bytes) -> Wish:
    """A PROPFIND's body; Windows sends none, which asks for all (9.1). Raises HttpError."""
    if not octets.strip():
        return Wish(Asks.ALL)
    root = read_document(octets)
    if root.tag != "{DAV:}propfind":
        raise HttpError(400, "this is no propfind")
    return wish_of(root)


def wish_of(element: Element) -> Wish:
    """What an element with prop, allprop or propname in it asks for; raises HttpError."""
    prop = child(element, "{DAV:}prop")
    if prop is not None:
        return Wish(Asks.NAMED, names_in(prop))
    if child(element, "{DAV:}allprop") is not None:
        include = child(element, "{DAV:}include")
        return Wish(Asks.ALL, () if include is None else names_in(include))
    if child(element, "{DAV:}propname") is not None:
        return Wish(Asks.NAMES)
    raise HttpError(400, "prop, allprop or propname is missing")


def names_in(element: Element) -> tuple[str, ...]:
    """The names of the elements in one, each once; raises HttpError where they are too many."""
    names = tuple(dict.fromkeys([str(each.tag) for each in children(element)]))
    if len(names) > MOST_PROPERTIES:
        raise HttpError(400, "too many properties")
    return names


def read_update(octets: bytes) -> list[tuple[str, bytes | None]]:
    """A PROPPATCH's body: properties to keep as whole elements, and with None those to remove, in their order (9.2)."""
    root = read_document(octets)
    if root.tag != "{DAV:}propertyupdate":
        raise HttpError(400, "this is no propertyupdate")
    updates: list[tuple[str, bytes | None]] = []
    for instruction in children(root):
        if instruction.tag not in ("{DAV:}set", "{DAV:}remove"):
            continue
        prop = child(instruction, "{DAV:}prop")
        if prop is None:
            raise HttpError(400, "prop is missing")
        for each in children(prop):
            updates.append((str(each.tag), canonical(each) if instruction.tag == "{DAV:}set" else None))
    if not updates:
        raise HttpError(400, "nothing is to be changed")
    if len(updates) > MOST_PROPERTIES:
        raise HttpError(400, "too many properties")
    return updates


def read_new_folder(octets: bytes) -> dict[str, bytes]:
    """The properties of an extended MKCOL (RFC 5689 3); raises HttpError."""
    root = read_document(octets)
    if root.tag != "{DAV:}mkcol":
        raise HttpError(415, "this is no mkcol")
    properties: dict[str, bytes] = {}
    for instruction in children(root):
        prop = child(instruction, "{DAV:}prop") if instruction.tag == "{DAV:}set" else None
        if prop is None:
            raise HttpError(400, "set and prop are missing")
        properties |= {str(each.tag): canonical(each) for each in children(prop)}
    if len(properties) > MOST_PROPERTIES:
        raise HttpError(400, "too many properties")
    return properties
