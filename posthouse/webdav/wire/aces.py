"""The body of an ACL request; RFC 3744 8.1 and 5.5.1."""

from __future__ import annotations

import msgspec

from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.wire.xml import DAV, Element, child, children, read_document, text_of

MOST_ENTRIES = 5_000


class WrittenAce(msgspec.Struct, frozen=True):
    """An entry as it was written: `principal` is "href", "all", "property" and so on, `named` the address or property.

    `privileges` are names in Clark's notation; `marks` say that it is inherited or protected.
    """

    principal: str
    named: str
    privileges: tuple[str, ...]
    denies: bool = False
    inverts: bool = False
    marks: frozenset[str] = frozenset()


def read_acl(octets: bytes) -> list[WrittenAce]:
    """The entries; raises HttpError (400) for anything else."""
    root = read_document(octets)
    if root.tag != "{DAV:}acl":
        raise HttpError(400, "this is no acl")
    entries = children(root)
    if len(entries) > MOST_ENTRIES:
        raise HttpError(400, "too many entries")
    return [_entry(each) for each in entries]


def _entry(element: Element) -> WrittenAce:
    inverted = child(element, "{DAV:}invert")
    principal = child(element if inverted is None else inverted, "{DAV:}principal")
    grant, deny = child(element, "{DAV:}grant"), child(element, "{DAV:}deny")
    given = grant if grant is not None else deny
    if element.tag != "{DAV:}ace" or principal is None or given is None or (grant is not None and deny is not None):
        raise HttpError(400, "an entry cannot be read")
    whom = children(principal)
    if len(whom) != 1:
        raise HttpError(400, "a principal cannot be read")
    privileges = [children(each) for each in children(given) if each.tag == "{DAV:}privilege"]
    if not privileges or any(len(each) != 1 for each in privileges):
        raise HttpError(400, "a privilege cannot be read")
    kind = _local(str(whom[0].tag))
    inner = children(whom[0])
    named = str(inner[0].tag) if kind == "property" and inner else text_of(whom[0])
    marks = frozenset(_local(str(each.tag)) for each in children(element)) & {"inherited", "protected"}
    names = tuple([str(each[0].tag) for each in privileges])
    return WrittenAce(kind, named, names, grant is None, inverted is not None, marks)


def _local(name: str) -> str:
    prefix = f"{{{DAV}}}"
    return name.removeprefix(prefix) if name.startswith(prefix) else ""
