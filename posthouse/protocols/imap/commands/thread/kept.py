"""Threads of a whole mailbox as they are kept, and brought up to date with what came and went; RFC 5256 3.

Only clusters (`clusters.py`) in which something came or went are threaded anew.
"""

from __future__ import annotations

import asyncio
import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import compress, islice
from typing import Any, TypeVar

import msgspec

from posthouse.core.mail.digests.facets import Facet
from posthouse.core.mail.ids import keys_of
from posthouse.core.turns import Turn
from posthouse.protocols.imap.commands.columns import read_chosen, read_columns
from posthouse.protocols.imap.commands.sorting import let_go
from posthouse.protocols.imap.commands.thread.algorithms import (
    Algorithm,
    Found,
    Threads,
    ordered_subject,
    references,
    refs,
)
from posthouse.protocols.imap.commands.thread.clusters import Clusters, clusters_of, id_key, subject_key
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.sort import Threading

FEW = 1000  # messages that came and went; where there are more, all is threaded anew
PART = 4  # of the mailbox: likewise where more than this has to do with them
THREADS_AT_ONCE = 500  # about 1 ms
NUMBERS_AT_ONCE = 2_500  # likewise
OCTETS_AT_ONCE = 65_536
OLD_AT_ONCE = 10_000  # threads that are as they were: likewise


class Way(msgspec.Struct, frozen=True):
    """How an algorithm is asked: by which facets, and by which text a subject ties messages, if it does."""

    algorithm: Algorithm
    facets: list[Facet]
    tying: Callable[[str], str]

    def ties(self, found: Found) -> list[list[int]]:
        """The keys of clusters of each of those messages."""
        keys: list[list[int]] = [[] for _ in found[Facet.SENT]]
        for own, subject in zip(keys, map(self.tying, found.get(Facet.SUBJECT_KEY, ())), strict=False):
            if subject:
                own.append(subject_key(subject))
        for own, id_, chain in zip(keys, found.get(Facet.ID, ()), found.get(Facet.REFERENCES, ()), strict=False):
            own += [id_key(one) for one in (id_, *[int.from_bytes(key, "little") for key in keys_of(chain)]) if one]
        return keys


# no base subject is a line end: so messages without one are a thread of ORDEREDSUBJECT
WAYS = {
    Threading.ORDEREDSUBJECT: Way(ordered_subject, [Facet.SENT, Facet.SUBJECT_KEY], lambda subject: subject or "\n"),
    Threading.REFERENCES: Way(
        references, [Facet.SENT, Facet.SUBJECT_KEY, Facet.IS_REPLY, Facet.ID, Facet.REFERENCES], str
    ),
    Threading.REFS: Way(refs, [Facet.SENT, Facet.ID, Facet.REFERENCES], str),
}


class KeptThreads(msgspec.Struct):
    """Threads in their order: as they are shown, a line each, their dates, first messages' UIDs and clusters."""

    lines: bytes
    dates: array[int]
    firsts: array[int]
    of_threads: array[int]
    clusters: Clusters

    @property
    def octets(self) -> int:
        """How much memory they take."""
        return len(self.lines) + 16 * len(self.dates) + self.clusters.octets


class _Drawn(msgspec.Struct):
    """Threads of some messages: as above, but not yet put in their places."""

    lines: list[bytes]
    dates: list[int]
    firsts: array[int]
    of_threads: array[int]


async def kept_threads(way: Way, view: View, *, uid: bool) -> KeptThreads:
    """The threads of all messages of a view."""
    uids = await view.uids()
    found = await read_columns(way.facets, [*range(len(uids))], view)
    threads = await way.algorithm(found)
    clusters = await clusters_of(threads.links, len(uids), found.get(Facet.SUBJECT_KEY, ()), way.tying)
    drawn = await _drawn(threads, range(len(uids)), uids, clusters, uid=uid)
    lines, dates = b"\n".join(drawn.lines), array("q", drawn.dates)
    await let_go(*found.values(), drawn.lines)
    await threads.let_go()
    return KeptThreads(lines, dates, drawn.firsts, drawn.of_threads, clusters)


async def updated(
    kept: KeptThreads, before: array[int], gone: Sequence[int], came: Sequence[int], way: Way, view: View, *, uid: bool
) -> KeptThreads | None:
    """The same when messages went (positions in the UIDs `before`) and others came (positions in the view's).

    None where so much changed, now or since they were first made, that all may as well be threaded anew. What is
    kept is not changed.
    """
    uids = await view.uids()
    clusters = kept.clusters.copied(len(gone) + len(came))
    if clusters.changes > len(uids):
        return None
    touched = clusters.take_out(gone)
    touched |= await clusters.take_in(came, way.ties(await read_chosen(way.facets, came, view)))
    members = await clusters.members(touched)
    if len(members) * PART > len(uids):
        return None
    threads = await way.algorithm(await read_chosen(way.facets, members, view))
    new = await _drawn(threads, members, uids, clusters, uid=uid)
    lines = await _split(kept.lines)
    if not uid and (gone or (came and came[0] != len(uids) - len(came))):
        lines = await _renumbered(lines, len(before), gone, came, len(uids))
    return await _placed(kept, lines, touched, new, clusters)


async def _drawn(
    threads: Threads, positions: Sequence[int], uids: array[int], clusters: Clusters, *, uid: bool
) -> _Drawn:
    """Threads of the messages at those positions."""
    names = await names_of(positions, uids, uid=uid)
    forest = threads.forest
    drawn = _Drawn([], threads.dates, array("I"), array("I"))
    lines = forest.threads(names)
    for start in range(0, len(forest.roots), THREADS_AT_ONCE):
        drawn.lines += islice(lines, THREADS_AT_ONCE)
        firsts = [positions[forest.first(root)] for root in forest.roots[start : start + THREADS_AT_ONCE]]
        drawn.firsts.extend([uids[at] for at in firsts])
        drawn.of_threads.extend([clusters.messages[at] for at in firsts])
        await asyncio.sleep(0)
    await let_go(names)
    return drawn


async def names_of(positions: Sequence[int], uids: array[int], *, uid: bool) -> list[bytes]:
    """What the messages at those positions are called in the answer."""
    names: list[bytes] = []
    for start in range(0, len(positions), NUMBERS_AT_ONCE):
        some = positions[start : start + NUMBERS_AT_ONCE]
        names += encoder.numbers([uids[at] for at in some] if uid else [at + 1 for at in some]).split()
        await asyncio.sleep(0)
    return names


async def _split(lines: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    while at < len(lines):
        end = lines.find(b"\n", at + OCTETS_AT_ONCE)
        end = len(lines) if end < 0 else end
        found += lines[at:end].split(b"\n")
        at = end + 1
        await asyncio.sleep(0)
    return found


_NUMBER = re.compile(rb"[0-9]+")


async def _renumbered(
    lines: list[bytes], was: int, gone: Sequence[int], came: Sequence[int], count: int
) -> list[bytes]:
    """Lines of message numbers when `was` messages have become `count`; what went stands in none that is shown."""
    is_new, went = frozenset(came), frozenset(gone)
    now = (b"%d" % (at + 1) for at in range(count) if at not in is_new)
    names: list[bytes] = []
    for start in range(0, was, OLD_AT_ONCE):
        names += [b"0" if at in went else next(now) for at in range(start, min(start + OLD_AT_ONCE, was))]
        await asyncio.sleep(0)
    renumbered: list[bytes] = []
    for start in range(0, len(lines), THREADS_AT_ONCE):
        some = b"\n".join(lines[start : start + THREADS_AT_ONCE])
        renumbered += _NUMBER.sub(lambda found: names[int(found[0]) - 1], some).split(b"\n")
        await asyncio.sleep(0)
    await let_go(names, lines)
    return renumbered


async def _placed(
    kept: KeptThreads, lines: list[bytes], touched: set[int], new: _Drawn, clusters: Clusters
) -> KeptThreads:
    """The new threads among those that were not touched; each list in the order of dates, then of first messages."""
    stays = bytearray()
    for start in range(0, len(kept.of_threads), OLD_AT_ONCE):
        stays += bytes([one not in touched for one in kept.of_threads[start : start + OLD_AT_ONCE]])
        await asyncio.sleep(0)
    dates, firsts = await _staying(kept.dates, stays), await _staying(kept.firsts, stays)
    of_threads = await _staying(kept.of_threads, stays)
    left = await _staying(lines, stays)
    await let_go(lines)
    everywhere = range(len(dates))
    places: list[int] = []
    turn = Turn()
    for one in zip(new.dates, new.firsts, strict=True):
        places.append(bisect_left(everywhere, one, key=lambda at: (dates[at], firsts[at])))
        await turn.share()
    merged = await _merged(left, new.lines, places)
    await let_go(left)
    shown = b"\n".join(merged)
    await let_go(merged)
    return KeptThreads(
        shown,
        await _merged(dates, new.dates, places),
        await _merged(firsts, new.firsts, places),
        await _merged(of_threads, new.of_threads, places),
        clusters,
    )


Many = TypeVar("Many", "list[bytes]", "array[int]")


async def _staying(old: Many, stays: bytearray) -> Many:
    """Those of the old that stay."""
    left = old[:0]
    for start in range(0, len(old), OLD_AT_ONCE):
        end = start + OLD_AT_ONCE
        left.extend(compress(old[start:end], stays[start:end]))
        await asyncio.sleep(0)
    return left


async def _merged(old: Many, new: Iterable[Any], places: list[int]) -> Many:
    """The old with each of the new before the one at its place."""
    merged = old[:0]
    at = 0
    turn = Turn()
    for place, one in zip(places, new, strict=True):
        await turn.share()
        merged += old[at:place]
        merged.append(one)
        at = place
    merged += old[at:]
    return merged
