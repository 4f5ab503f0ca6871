"""Traces: what became of a letter, of all letters of an address, of all that came in a time."""

from __future__ import annotations

import time

import msgspec

from posthouse.admin import domain as domains
from posthouse.core.queue.numbers import first_number, read_number, written
from posthouse.core.queue.send import named
from posthouse.core.queue.showing import Entry, waiting_of
from posthouse.core.trace.finding import LAST, TracedLetter, find_between, find_marked, find_number
from posthouse.core.trace.records import TraceEvent, mark_of
from posthouse.storage.contract import Store

PAGE = 200  # letters in one query
STEPS = 5_000  # likewise, where all are looked through


class Step(msgspec.Struct, frozen=True):
    """One step; `at` in ms since the epoch."""

    at: int
    what: str
    fields: dict[str, str]


class Trace(msgspec.Struct, frozen=True):
    """A letter by its number as it stands in logs and Received fields, and what was done with it."""

    number: str
    steps: list[Step]


class Wanted(msgspec.Struct, frozen=True):
    """Whose traces: `what` is an address, a Message-ID or a number, None for all; `domain` one of ours.

    Times in ms, of when the letters came.
    """

    what: str | None = None
    domain: str | None = None
    since: int | None = None
    until: int | None = None


async def find(store: Store, wanted: Wanted, limit: int, now: int) -> list[Trace]:
    """The newest letters, up to `limit`, newest last; raises BadDomain, NoSuchDomain.

    The last step of one that is still in the queue is what it waits for at `now`.
    """
    names = await _names(store, wanted.domain)
    first, before = _number(wanted.since, 0), _number(wanted.until, LAST)
    found: list[TracedLetter] = []
    if wanted.what is not None and (one := await _by_number(store, wanted.what)) is not None:
        return [await _shown(store, one, now)]
    while before and len(found) < limit:
        if wanted.what is None:
            page = await store.read(find_between, first, before, PAGE)
            before = page[-1].number if len(page) == PAGE else 0
        else:
            page, before = await _marked(store, mark_of(wanted.what), first, before)
        found += [letter for letter in page if names is None or _is_of(letter, names)]
    return [await _shown(store, letter, now) for letter in reversed(found[:limit])]


async def _marked(store: Store, mark: str, first: int, before: int) -> tuple[list[TracedLetter], int]:
    if not mark:
        return [], 0
    looked = await store.read(find_marked, mark, first, before, STEPS)
    return looked.letters, looked.down_to


async def _names(store: Store, name: str | None) -> set[str] | None:
    if name is None:
        return None
    shown = await domains.show(store, name)
    return {shown.record.name, *shown.aliases}


async def _by_number(store: Store, text: str) -> TracedLetter | None:
    try:
        number = read_number(text.strip().lower())
    except ValueError:
        return None
    return await store.read(find_number, number)


def _number(at: int | None, default: int) -> int:
    return default if at is None else min(first_number(max(at, 0)), LAST)


def _is_of(letter: TracedLetter, names: set[str]) -> bool:
    return any(mark.rpartition("@")[2] in names for event in letter.events for mark in event.marks)


async def _shown(store: Store, letter: TracedLetter, now: int) -> Trace:
    steps = [_step(event) for event in letter.events]
    waiting: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in await store.read(waiting_of, letter.number):
        waiting.setdefault((entry.destination, entry.state, entry.words), []).append(entry)
    steps += [_waits(entries, now) for entries in waiting.values()]
    return Trace(written(letter.number), steps)


def _waits(entries: list[Entry], now: int) -> Step:
    """What these recipients wait for, who wait alike."""
    one = min(entries, key=lambda entry: entry.next_attempt)
    fields = {"recipients": named([entry.recipient for entry in entries]), "destination": one.destination}
    if one.next_attempt:
        fields["next attempt"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(one.next_attempt // 1000))
    if one.words:
        fields["answer"] = one.words
    return Step(now, one.state, fields)


def _step(event: TraceEvent) -> Step:
    return Step(event.at, event.what, event.fields)
