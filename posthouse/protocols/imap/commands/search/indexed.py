"""BODY and TEXT as far as the search index knows: exact substrings, like what reading each message finds.

The index names candidates, the texts beside it confirm them; what is not indexed, or not whole there, stays in doubt
and is read. RFC 9051 6.4.4.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import cast

import msgspec

from posthouse.core.mail.criteria import keys
from posthouse.core.mail.criteria.keys import leaves
from posthouse.core.mail.digests.facets import Facet
from posthouse.core.mail.digests.reading import Digests
from posthouse.core.search.contract import HOLDS, HOLDS_NOT, Candidates
from posthouse.formats.casemap import casemap
from posthouse.protocols.imap.commands.search.sieve import MOST_MASKS, Sieve
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.view import View
from posthouse.storage.ranges import Range

TEXTS_AT_ONCE = 1000
SECONDS_AT_A_TIME = 0.002


async def read_texts(sieve: Sieve, key: keys.SearchKey, positions: list[Range], view: View, user: User) -> None:
    """Find out of each BODY and TEXT which of the messages at `positions` fit, as far as the index knows."""
    asked = [leaf for leaf in leaves(key) if isinstance(leaf, keys.Body | keys.Text)]
    for leaf in [*dict.fromkeys(asked)][:MOST_MASKS]:
        text = casemap(leaf.text)
        candidates = await user.contracts.search.candidates(view.account, text)
        if candidates.upto and text:
            await _read(sieve, leaf, Asked(text, isinstance(leaf, keys.Text), candidates), positions, view, user)


class Asked(msgspec.Struct, frozen=True):
    """One key, casemapped, and what the index says to it."""

    text: str
    in_header: bool
    candidates: Candidates


async def _read(
    sieve: Sieve, leaf: keys.SearchKey, asked: Asked, positions: list[Range], view: View, user: User
) -> None:
    uids = await view.uids()
    digests = Digests(view.store, view.account, view.mailbox, uids, view.uid_next)
    certain, possible = bytearray(len(uids)), bytearray(len(uids))
    among, upto = asked.candidates.messages, asked.candidates.upto
    async for page in digests.pages([Facet.MESSAGE], positions):
        numbers = cast(Sequence[int], page.values(Facet.MESSAGE))
        if among is not None and among.isdisjoint(numbers) and max(numbers, default=0) <= upto:
            continue
        likely: list[int] = []
        places: list[int] = []
        for place, number in zip(page.positions, numbers, strict=True):
            if number > upto:
                possible[place] = 1
            elif among is None or number in among:
                likely.append(number)
                places.append(place)
        async for place, answer in _confirmed(asked, places, likely, view, user):
            certain[place] = answer == HOLDS
            possible[place] = answer != HOLDS_NOT
    sieve.add_bounds(leaf, bytes(certain), bytes(possible))


async def _confirmed(
    asked: Asked, places: list[int], numbers: list[int], view: View, user: User
) -> AsyncIterator[tuple[int, int]]:
    """(place, answer) of messages with these numbers, some at a time."""
    done = 0
    while done < len(numbers):
        some = numbers[done : done + TEXTS_AT_ONCE]
        answers = await user.contracts.search.holding(
            view.account, asked.text, asked.in_header, some, SECONDS_AT_A_TIME
        )
        for place, answer in zip(places[done : done + len(answers)], answers, strict=True):
            yield place, answer
        done += len(answers)
        await asyncio.sleep(0)
