"""Threads as trees of numbers, and as the THREAD response writes them; RFC 5256 4. Pure, and without recursion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

_CLOSE = -1


class Forest(msgspec.Struct):
    """Nodes below `count` are messages, by their place among those that were found; others stand for missing ones.

    `roots` and the lists in `children` are in the order in which they are shown; a missing message is only a root.
    """

    count: int
    roots: list[int]
    children: dict[int, list[int]]

    def first(self, root: int) -> int:
        """The first message of a thread: its root, or the first child of one that is missing."""
        return root if root < self.count else self.children[root][0]

    def threads(self, names: Sequence[bytes]) -> Iterator[bytes]:
        """Each root as `(3 6 (4 23)(44 7))`; `names` are the messages' numbers or UIDs."""
        children = self.children
        for root in self.roots:
            yield self._thread(root, names) if root in children else b"(" + names[root] + b")"

    def _thread(self, root: int, names: Sequence[bytes]) -> bytes:
        children, count = self.children, self.count
        written: list[bytes] = []
        pending = [root]
        while pending:
            node = pending.pop()
            if node == _CLOSE:
                written.append(b")")
                continue
            written.append(b"(" + names[node] if node < count else b"(")
            below = children.get(node, ())
            while len(below) == 1:
                (child,) = below
                written.append(b" " + names[child])
                below = children.get(child, ())
            if not below:
                written.append(b")")
                continue
            if node < count:
                written.append(b" ")
            pending.append(_CLOSE)
            pending.extend(reversed(below))
        return b"".join(written)
