"""The If header: lists of lock tokens and entity tags that must hold; RFC 4918 10.4."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import unencoded

MOST_CONDITIONS = 200
_TOKEN = re.compile(
    r"[ \t]*(?:(?P<open>\()|(?P<close>\))|(?P<not>[Nn][Oo][Tt])(?=[ \t<\[])|<(?P<url>[^<>\s]+)>"
    r'|\[(?P<etag>(?:W/)?"[^"\]]*")\])'
)


class Condition(msgspec.Struct, frozen=True):
    """One condition: a lock token or an entity tag (with its quotes), the other None."""

    token: str | None
    etag: str | None
    negated: bool = False


class ConditionList(msgspec.Struct, frozen=True):
    """Conditions that must all hold of `resource`, a URL; None for the one that is asked for."""

    resource: str | None
    conditions: tuple[Condition, ...]


class IfHeader(msgspec.Struct, frozen=True):
    """One of the lists must hold."""

    lists: tuple[ConditionList, ...]

    def tokens(self) -> frozenset[str]:
        """Every lock token that is submitted, whatever else is said of it (10.4.1)."""
        return frozenset(
            condition.token for each in self.lists for condition in each.conditions if condition.token is not None
        )

    def holds(self, state: Callable[[str | None], tuple[str | None, frozenset[str]]]) -> bool:
        """Whether it holds where `state(resource)` gives a resource's entity tag and the tokens of its locks."""
        return any(_all_hold(each.conditions, *state(each.resource)) for each in self.lists)


def read_if(field: str) -> IfHeader:
    """The header of that value; raises HttpError (400)."""
    field = unencoded(field)
    lists: list[ConditionList] = []
    resource: str | None = None
    conditions: list[Condition] | None = None
    named = negated = False
    count = at = 0
    while field[at:].strip():
        match = _TOKEN.match(field, at)
        if match is None:
            raise HttpError(400, "If cannot be read")
        at = match.end()
        kind = match.lastgroup
        if conditions is None:
            if kind == "url" and not named and (resource is not None or not lists):
                resource, named = match["url"], True
            elif kind == "open":
                conditions, named = [], False
            else:
                raise HttpError(400, "If cannot be read")
        elif kind == "close" and conditions and not negated:
            lists.append(ConditionList(resource, tuple(conditions)))
            conditions = None
        elif kind == "not" and not negated:
            negated = True
        elif kind in ("url", "etag"):
            conditions.append(Condition(match["url"], match["etag"], negated))
            negated = False
            count += 1
            if count > MOST_CONDITIONS:
                raise HttpError(400, "If has too many conditions")
        else:
            raise HttpError(400, "If cannot be read")
    if conditions is not None or named or not lists:
        raise HttpError(400, "If cannot be read")
    return IfHeader(tuple(lists))


def _all_hold(conditions: tuple[Condition, ...], etag: str | None, tokens: frozenset[str]) -> bool:
    return all(
        ((condition.token in tokens) if condition.token is not None else (condition.etag == etag)) != condition.negated
        for condition in conditions
    )
