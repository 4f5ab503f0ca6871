"""Which messages have to do with each other: so that where one comes or goes, only those are threaded anew.

Messages of one cluster are tied by ids that they have or refer to, by links that were made or given up, or by a base
subject. All steps of RFC 5256 3 look only at messages and threads that are so tied, and all clusters can be threaded
each for itself. Where more are taken for one cluster than have to be, nothing becomes wrong.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Sequence, Set
from itertools import islice

import msgspec

from posthouse.protocols.imap.commands.thread.linking import NONE, Links

AT_ONCE = 2000  # about 1 ms
SCANNED_AT_ONCE = 4000  # few enough that most pieces have none of what is looked for
_MASK = 2**32 - 1


class Unions:
    """Numbers that have become one: each leads to the least of them."""

    def __init__(self) -> None:
        self.instead: dict[int, int] = {}

    def find(self, one: int) -> int:
        """The number that stands for it."""
        instead = self.instead
        while (other := instead.get(one, one)) != one:
            instead[one] = instead.get(other, other)
            one = other
        return one

    def unite(self, one: int, other: int) -> None:
        """They are one."""
        one, other = self.find(one), self.find(other)
        if one != other:
            self.instead[max(one, other)] = min(one, other)


class Clusters(msgspec.Struct):
    """The cluster of each message by its position, and of each key (four octets of what ties messages); no order.

    `unused` is a number that no cluster has, nor any that is larger; `changes` counts what came and went.
    """

    messages: array[int]
    keys: array[int]
    of_keys: array[int]
    unused: int
    changes: int = 0

    @property
    def octets(self) -> int:
        """How much memory it takes."""
        return 4 * (len(self.messages) + 2 * len(self.keys))

    def copied(self, changes: int) -> Clusters:
        """The same, with so many more changes, to be changed."""
        return Clusters(self.messages[:], self.keys[:], self.of_keys[:], self.unused, self.changes + changes)

    def take_out(self, gone: Sequence[int]) -> set[int]:
        """Messages at ascending positions went; the clusters they were in."""
        touched = {self.messages[at] for at in gone}
        left, behind = array("I"), 0
        for at in gone:
            left += self.messages[behind:at]
            behind = at + 1
        self.messages = left + self.messages[behind:]
        return touched

    async def take_in(self, came: Sequence[int], ties: Sequence[list[int]]) -> set[int]:
        """Messages came to be at ascending positions, with those keys; the clusters, new and former, they are in."""
        known = await self._of({key for keys in ties for key in keys})
        unions, touched = Unions(), set()
        for at, keys in zip(came, ties, strict=True):
            own = self.unused
            self.unused += 1
            self.messages.insert(at, own)
            touched.add(own)
            for key in keys:
                if key not in known:
                    known[key] = {own}
                    self.keys.append(key)
                    self.of_keys.append(own)
                for other in known[key]:
                    unions.unite(other, own)
                touched |= known[key]
        for column in (self.messages, self.of_keys):
            for at in await _having(column, unions.instead.keys()):
                column[at] = unions.find(column[at])
        return touched

    async def members(self, clusters: set[int]) -> list[int]:
        """The positions of messages in those."""
        return await _having(self.messages, clusters)

    async def _of(self, keys: set[int]) -> dict[int, set[int]]:
        """The clusters of keys that are known: several where others' keys happen to be the same."""
        known: dict[int, set[int]] = {}
        for at in await _having(self.keys, keys):
            known.setdefault(self.keys[at], set()).add(self.of_keys[at])
        return known


async def _having(column: array[int], wanted: Set[int]) -> list[int]:
    """Where one of these numbers stands."""
    found: list[int] = []
    for start in range(0, len(column), SCANNED_AT_ONCE):
        some = column[start : start + SCANNED_AT_ONCE]
        if not wanted.isdisjoint(some):
            found += [at for at, one in enumerate(some, start) if one in wanted]
        await asyncio.sleep(0)
    return found


def id_key(id_: int) -> int:
    """The key of a message id."""
    return id_ & _MASK


def subject_key(subject: str) -> int:
    """The key of a base subject, in this process only."""
    return hash(subject) & _MASK


async def clusters_of(links: Links, count: int, subjects: Sequence[str], tying: Callable[[str], str]) -> Clusters:
    """The clusters of `count` messages that were linked so, and which subjects tie unless `tying` makes them empty."""
    unions = Unions()
    labels = await _tops(links.parents)
    labels += range(len(labels), count)
    for start in range(0, len(links.ties), AT_ONCE):
        for one, other in links.ties[start : start + AT_ONCE]:
            unions.unite(labels[one], labels[other])
        await asyncio.sleep(0)
    by_subject: dict[str, int] = {}
    for start in range(0, len(subjects), AT_ONCE):
        for node, subject in enumerate(map(tying, subjects[start : start + AT_ONCE]), start):
            label = labels[node]
            if subject and (held := by_subject.setdefault(subject, label)) != label:
                unions.unite(held, label)
        await asyncio.sleep(0)
    find, found = unions.find, Clusters(array("I"), array("I"), array("I"), len(labels))
    for start in range(0, count, AT_ONCE):
        found.messages.extend(map(find, labels[start : min(start + AT_ONCE, count)]))
        await asyncio.sleep(0)
    ids, texts = iter(links.nodes.items()), iter(by_subject.items())
    while some := [*islice(ids, AT_ONCE)]:
        found.keys.extend([id_ & _MASK for id_, _ in some])
        found.of_keys.extend([find(labels[node]) for _, node in some])
        await asyncio.sleep(0)
    while named := [*islice(texts, AT_ONCE)]:
        found.keys.extend([hash(subject) & _MASK for subject, _ in named])
        found.of_keys.extend([find(label) for _, label in named])
        await asyncio.sleep(0)
    return found


async def _tops(parents: list[int]) -> list[int]:
    """The topmost node above each."""
    tops = [NONE] * len(parents)
    for start in range(0, len(parents), AT_ONCE):
        for first in range(start, min(start + AT_ONCE, len(parents))):
            node, passed = first, []
            while tops[node] == NONE and parents[node] != NONE:
                passed.append(node)
                node = parents[node]
            top = node if tops[node] == NONE else tops[node]
            tops[node] = top
            for below in passed:
                tops[below] = top
        await asyncio.sleep(0)
    return tops
