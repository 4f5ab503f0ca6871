"""Threads of one base subject merged; RFC 5256 3 (REFERENCES, step 5, whose parts are named here)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from posthouse.protocols.imap.commands.thread.forest import Forest

AT_ONCE = 2000  # about 1 ms


async def merged(forest: Forest, subjects: Sequence[str], replies: Sequence[int]) -> Forest:
    """The forest with sorted roots after step 5; what is new among its roots and children is not sorted."""
    merging = _Merging(forest, subjects, replies)
    for take in (merging.note, merging.merge):
        for at in range(0, len(forest.roots), AT_ONCE):
            for root in forest.roots[at : at + AT_ONCE]:
                take(root)
            await asyncio.sleep(0)
    roots: list[int] = []
    for at in range(0, len(merging.kept), AT_ONCE):
        roots += [merging.instead.get(root, root) for root in merging.kept[at : at + AT_ONCE]]
        await asyncio.sleep(0)
    return Forest(forest.count, roots, forest.children)


class _Merging:
    """`table` has the thread of each subject; `instead` has what took the place of a root."""

    def __init__(self, forest: Forest, subjects: Sequence[str], replies: Sequence[int]) -> None:
        self._count = forest.count
        self._children = forest.children
        self._subjects = subjects
        self._replies = replies
        self._table: dict[str, int] = {}
        self._next = max(forest.children, default=0) + forest.count + 1
        self.kept: list[int] = []
        self.instead: dict[int, int] = {}

    def note(self, root: int) -> None:
        """(B): which thread stands for its subject."""
        subject = self._subject(root)
        held = self._table.setdefault(subject, root)
        if held == root or held >= self._count or not subject:
            return
        if root >= self._count or (self._replies[held] and not self._replies[root]):
            self._table[subject] = root

    def merge(self, root: int) -> None:
        """(C): bring a thread to the one that stands for its subject."""
        subject = self._subject(root)
        held = self._table[subject]
        if held == root or not subject:
            self.kept.append(root)
        elif held >= self._count:
            # (a), (b): a missing message takes in another's children, or the other itself
            self._children[held] += self._children.pop(root) if root >= self._count else [root]
        elif self._replies[root] and not self._replies[held]:
            self._children.setdefault(held, []).append(root)  # (c)
        else:
            # (d): neither answers the other, so both answer one that is missing
            self._table[subject] = self.instead[held] = self._next
            self._children[self._next] = [held, root]
            self._next += 1

    def _subject(self, root: int) -> str:
        return self._subjects[root if root < self._count else self._children[root][0]]
