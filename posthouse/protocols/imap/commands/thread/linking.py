"""Messages linked by their references, and what is missing pruned; RFC 5256 3 (REFERENCES, steps 1 to 3)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from posthouse.core.mail.ids import KEY_OCTETS, keys_of
from posthouse.protocols.imap.commands.sorting import let_go
from posthouse.protocols.imap.commands.thread.forest import Forest

AT_ONCE = 1000  # messages linked without a pause, about 2 ms
NONE = -1


class Links:
    """Who is whose parent. Nodes from the number of messages on stand for ids that no message has.

    `nodes` leads from ids to nodes; `ties` are pairs that have to do with each other, though neither is the other's
    parent now.
    """

    def __init__(self, count: int) -> None:
        self.parents = [NONE] * count
        self.nodes: dict[int, int] = {}
        self.ties: list[tuple[int, int]] = []
        self._has_children = bytearray(count)
        self._linked: set[bytes] = set()  # chains that were walked since a link was last broken: they have no news

    def note_ids(self, start: int, ids: Sequence[int]) -> None:
        """The ids of messages from `start` on; those that stand behind them were noted before.

        So the first message has its id, and another counts as one without.
        """
        nodes = self.nodes
        for node, id_ in zip(range(start + len(ids) - 1, start - 1, -1), reversed(ids), strict=True):
            if id_:
                if id_ in nodes:
                    self.ties.append((node, nodes[id_]))
                nodes[id_] = node

    def add_all(self, start: int, references: Sequence[bytes]) -> None:
        """Steps 1 (A) and (B) for messages from `start` on."""
        parents, linked, nodes = self.parents, self._linked, self.nodes
        key_of = int.from_bytes
        for node, chain in enumerate(references, start):
            if not chain:
                if parents[node] != NONE:
                    self._break(node)
                continue
            before = chain[:-KEY_OCTETS]
            if before and before not in linked:
                self._walk(before)
            parent = nodes.get(key_of(chain[-KEY_OCTETS:], "little"))
            if parent is None:
                parent = self._node(chain[-KEY_OCTETS:])
            if before:
                self._follow(parent, self._node(before[-KEY_OCTETS:]))
            linked.add(chain)
            if parents[node] != NONE:
                self._break(node)
            self._link(node, parent)

    async def let_go(self) -> None:
        """They are not needed any more."""
        await let_go(self.parents, self.nodes, self.ties, self._linked)

    def _walk(self, chain: bytes) -> None:
        """Link a chain of references, the oldest first."""
        previous = NONE
        for key in keys_of(chain):
            node = self._node(key)
            if previous != NONE:
                self._follow(node, previous)
            previous = node
        self._linked.add(chain)

    def _node(self, key: bytes) -> int:
        id_ = int.from_bytes(key, "little")
        node = self.nodes.get(id_)
        if node is None:
            node = self.nodes[id_] = len(self.parents)
            self.parents.append(NONE)
            self._has_children.append(0)
        return node

    def _break(self, node: int) -> None:
        """(B): what others said of its parent came of a header that was cut short."""
        self.ties.append((node, self.parents[node]))
        self.parents[node] = NONE
        self._linked.clear()

    def _follow(self, node: int, previous: int) -> None:
        """One stands behind the other in somebody's references: it is its child unless it has a parent already."""
        parent = self.parents[node]
        if parent == NONE:
            self._link(node, previous)
        elif parent != previous:
            self.ties.append((node, previous))

    def _link(self, node: int, parent: int) -> None:
        """Make one the other's parent, unless it is below it already."""
        if self._has_children[node] or node == parent:
            above = parent
            while above != NONE:
                if above == node:
                    return
                above = self.parents[above]
        self.parents[node] = parent
        self._has_children[parent] = 1


async def linked(ids: Sequence[int], references: Sequence[bytes]) -> tuple[Forest, Links]:
    """The forest of messages with those ids (0 for none) and references (keys beside each other), still unsorted.

    Siblings stand in the order of the mailbox, roots too.
    """
    count = len(ids)
    links = Links(count)
    for start in reversed(range(0, count, AT_ONCE)):
        links.note_ids(start, ids[start : start + AT_ONCE])
        await asyncio.sleep(0)
    for start in range(0, count, AT_ONCE):
        links.add_all(start, references[start : start + AT_ONCE])
        await asyncio.sleep(0)
    return await _pruned(links.parents, count), links


async def _pruned(parents: list[int], count: int) -> Forest:
    """Step 3: a missing message gives its children to its parent; at the top it stays when it has several."""
    children: dict[int, list[int]] = {}
    tops: list[int] = []
    for start in range(0, count, AT_ONCE):
        for node, parent in enumerate(parents[start : min(start + AT_ONCE, count)], start):
            if parent == NONE:
                tops.append(node)
                continue
            top = parent
            while top >= count and parents[top] != NONE:
                top = parents[top]
            if top in children:
                children[top].append(node)
            else:
                children[top] = [node]
                if top >= count:
                    tops.append(top)
        await asyncio.sleep(0)
    roots: list[int] = []
    for start in range(0, len(tops), AT_ONCE):
        for node in tops[start : start + AT_ONCE]:
            if node >= count and len(children[node]) == 1:
                roots += children.pop(node)
            else:
                roots.append(node)
        await asyncio.sleep(0)
    return Forest(count, roots, children)
