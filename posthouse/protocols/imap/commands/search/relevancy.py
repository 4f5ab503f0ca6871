"""FUZZY: words like those asked for, ranked by the search index; RFC 6203.

What is not indexed yet fits when it holds all of the words as they are. How well several FUZZY keys fit adds up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import cast

from posthouse.core.mail.criteria import keys
from posthouse.core.mail.criteria.keys import in_words, leaves
from posthouse.core.mail.digests.facets import Facet
from posthouse.core.mail.digests.reading import Digests
from posthouse.core.search.contract import Field, Ranking
from posthouse.protocols.imap.commands.search.sieve import MOST_MASKS, Sieve
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.view import View

BEST = 100  # RFC 6203 4
SCORES_AT_ONCE = 10_000  # about 3 ms

_FIELDS = {
    "from": (Field.FROM,),
    "to": (Field.TO,),
    "cc": (Field.TO,),
    "bcc": (Field.TO,),
    "subject": (Field.SUBJECT,),
}

Rankings = Mapping[keys.Fuzzy, Ranking]


class Relevancy:
    """How well messages of a view fit, by position."""

    def __init__(self) -> None:
        self._points: dict[int, float] = {}
        self._best = 0.0

    def add(self, position: int, points: float) -> None:
        """It fits one more key so well: up to 1."""
        self._points[position] = total = self._points.get(position, 0.0) + points
        self._best = max(self._best, total)

    async def scores(self, positions: list[int]) -> list[int]:
        """From 1 to 100, the best of all with 100; 1 where nothing ranked a message."""
        factor = BEST / (self._best or 1.0)
        points = self._points
        found: list[int] = []
        for start in range(0, len(positions), SCORES_AT_ONCE):
            some = positions[start : start + SCORES_AT_ONCE]
            found += [round(factor * points.get(position, 0.0)) or 1 for position in some]
            await asyncio.sleep(0)
        return found


async def rank(key: keys.SearchKey, view: View, user: User) -> dict[keys.Fuzzy, Ranking]:
    """What the index says to each FUZZY key, if it says anything."""
    asked = [*dict.fromkeys(leaf for leaf in leaves(key) if isinstance(leaf, keys.Fuzzy))][:MOST_MASKS]
    found = {leaf: await user.contracts.search.ranking(view.account, _fields(leaf), leaf.key.text) for leaf in asked}
    return {leaf: ranking for leaf, ranking in found.items() if ranking.upto}


def without_unranked(key: keys.SearchKey, ranked: Rankings) -> keys.SearchKey:
    """The same, with its words in the place of each FUZZY key of which the index knows nothing."""
    match key:
        case keys.And(children):
            return keys.And(tuple([without_unranked(child, ranked) for child in children]))
        case keys.Or(left, right):
            return keys.Or(without_unranked(left, ranked), without_unranked(right, ranked))
        case keys.Not(child):
            return keys.Not(without_unranked(child, ranked))
        case keys.Fuzzy():
            return key if key in ranked else in_words(key)
    return key


async def read_ranks(sieve: Sieve, ranked: Rankings, view: View) -> Relevancy:
    """Tell the sieve which messages fit, and how well."""
    relevancy = Relevancy()
    if not ranked:
        return relevancy
    uids = await view.uids()
    certain = {leaf: bytearray(len(uids)) for leaf in ranked}
    possible = {leaf: bytearray(len(uids)) for leaf in ranked}
    digests = Digests(view.store, view.account, view.mailbox, uids, view.uid_next)
    async for page in digests.pages([Facet.MESSAGE], [(0, len(uids))] if uids else []):
        numbers = cast(Sequence[int], page.values(Facet.MESSAGE))
        for leaf, ranking in ranked.items():
            for place, number in zip(page.positions, numbers, strict=True):
                if number > ranking.upto:
                    possible[leaf][place] = 1
                elif number in ranking.points:
                    certain[leaf][place] = possible[leaf][place] = 1
                    relevancy.add(place, ranking.points[number])
    for leaf in ranked:
        sieve.add_bounds(leaf, bytes(certain[leaf]), bytes(possible[leaf]))
    return relevancy


def _fields(fuzzy: keys.Fuzzy) -> tuple[Field, ...]:
    match fuzzy.key:
        case keys.EnvelopeField(field):
            return _FIELDS[field]
        case keys.Body():
            return Field.BODY, Field.FILES
    return tuple(Field)
