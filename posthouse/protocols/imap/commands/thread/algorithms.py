"""The ways of threading: ORDEREDSUBJECT and REFERENCES (RFC 5256 3), REFS (draft-ietf-morg-inthread 4)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from posthouse.core.mail.digests.facets import Facet
from posthouse.core.turns import Turn
from posthouse.protocols.imap.commands.sorting import let_go, picked, sort_by
from posthouse.protocols.imap.commands.thread.forest import Forest
from posthouse.protocols.imap.commands.thread.linking import Links, linked
from posthouse.protocols.imap.commands.thread.subjects import merged

AT_ONCE = 2000  # about 1 ms
FEW_AT_ONCE = 200  # threads or siblings, of which each may take as long as many


class Threads(msgspec.Struct):
    """The forest, the date (in ms) by which each of its roots stands where it does, and what led to it.

    Roots of one date stand in the order of their first messages (`Forest.first`).
    """

    forest: Forest
    dates: list[int]
    links: Links

    async def let_go(self) -> None:
        """They are not needed any more."""
        await self.links.let_go()
        await let_go(self.forest.roots, self.forest.children, self.dates)


# facets of the messages that were found, each by its place among them
Found = dict[Facet, list[Any]]
Algorithm = Callable[[Found], Awaitable[Threads]]


async def ordered_subject(found: Found) -> Threads:
    """ORDEREDSUBJECT: the same base subject, the first by sent date above all others."""
    sent: list[int] = found[Facet.SENT]
    subjects: list[str] = found[Facet.SUBJECT_KEY]
    order = [*range(len(sent))]
    await sort_by(order, sent.__getitem__)
    threads: dict[str, int] = {}
    children: dict[int, list[int]] = {}
    for at in range(0, len(order), AT_ONCE):
        for node in order[at : at + AT_ONCE]:
            root = threads.setdefault(subjects[node], node)
            if root != node:
                children.setdefault(root, []).append(node)
        await asyncio.sleep(0)
    await let_go(order)
    forest = Forest(len(sent), [*threads.values()], children)
    return Threads(forest, await picked(sent, forest.roots), Links(len(sent)))


async def references(found: Found) -> Threads:
    """REFERENCES: by references, threads of one subject merged, all by sent date."""
    sent: list[int] = found[Facet.SENT]
    forest, links = await linked(found[Facet.ID], found[Facet.REFERENCES])
    await sort_children(forest, sent)
    await sort_roots(forest, sent)
    forest = await merged(forest, found[Facet.SUBJECT_KEY], found[Facet.IS_REPLY])
    await sort_children(forest, sent)
    return Threads(forest, await sort_roots(forest, sent), links)


async def refs(found: Found) -> Threads:
    """REFS: by references alone; the thread with the newest message comes last."""
    sent: list[int] = found[Facet.SENT]
    forest, links = await linked(found[Facet.ID], found[Facet.REFERENCES])
    await sort_children(forest, sent)
    newest: dict[int, int] = {}
    turn = Turn()
    for at in range(0, len(forest.roots), FEW_AT_ONCE):
        newest |= {root: _newest(forest, root, sent) for root in forest.roots[at : at + FEW_AT_ONCE]}
        await turn.share()
    await sort_by(forest.roots, forest.first)
    await sort_by(forest.roots, newest.__getitem__)
    return Threads(forest, await picked(newest, forest.roots), links)


async def sort_children(forest: Forest, sent: list[int]) -> None:
    """Steps 4 and 6: siblings by sent date, equal ones in the order of the mailbox."""
    turn = Turn()
    for count, siblings in enumerate(forest.children.values()):
        if len(siblings) > 1:
            siblings.sort()
            siblings.sort(key=sent.__getitem__)
        if count % FEW_AT_ONCE == 0:
            await turn.share()


async def sort_roots(forest: Forest, sent: list[int]) -> list[int]:
    """Likewise for threads; a missing message counts as its first child. The date of each."""
    await sort_by(forest.roots, forest.first)
    dates: dict[int, int] = {}
    for at in range(0, len(forest.roots), AT_ONCE):
        dates |= {root: sent[forest.first(root)] for root in forest.roots[at : at + AT_ONCE]}
        await asyncio.sleep(0)
    await sort_by(forest.roots, dates.__getitem__)
    return await picked(dates, forest.roots)


def _newest(forest: Forest, root: int, sent: list[int]) -> int:
    children = forest.children
    if root not in children:
        return sent[root]
    newest = 0
    pending = [root]
    while pending:
        node = pending.pop()
        if node < forest.count:
            newest = max(newest, sent[node])
        pending += children.get(node, ())
    return newest
