"""Threads against RFC 5256 3 followed word by word, with objects and recursion."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posthouse.core.mail.digests.facets import Facet
from posthouse.core.mail.ids import message_key
from posthouse.protocols.imap.commands.thread.algorithms import Threads, ordered_subject, references, refs
from posthouse.protocols.imap.commands.thread.clusters import clusters_of
from posthouse.protocols.imap.commands.thread.forest import Forest
from posthouse.protocols.imap.commands.thread.kept import WAYS
from posthouse.protocols.imap.wire.sort import Threading
from tests.conftest import LOOP


class Node:
    """A message, or a missing one without a number."""

    def __init__(self, number: int | None = None) -> None:
        self.number = number
        self.parent: Node | None = None
        self.children: list[Node] = []

    def move(self, parent: Node | None) -> None:
        if self.parent is not None:
            self.parent.children.remove(self)
        self.parent = parent
        if parent is not None:
            parent.children.append(self)

    def is_above(self, other: Node | None) -> bool:
        while other is not None:
            if other is self:
                return True
            other = other.parent
        return False

    def shown(self) -> Any:
        return self.number, [child.shown() for child in self.children]


class Message:
    def __init__(self, id_: int, chain: list[int], sent: int, subject: str, reply: bool) -> None:
        self.id, self.chain, self.sent, self.subject, self.reply = id_, chain, sent, subject, reply

    def __repr__(self) -> str:
        return f"Message({self.id}, {self.chain}, {self.sent}, {self.subject!r}, {self.reply})"


def by_the_book(messages: list[Message], *, subjects: bool) -> list[Any]:
    nodes: dict[int, Node] = {}
    own: list[Node] = []
    for number, message in enumerate(messages):
        node = Node(number)
        own.append(node)
        if message.id and message.id not in nodes:
            nodes[message.id] = node
    for node, message in zip(own, messages, strict=True):
        previous: Node | None = None
        for id_ in message.chain:
            here = nodes.setdefault(id_, Node())
            if previous is not None and here.parent is None and not here.is_above(previous):
                here.move(previous)
            previous = here
        node.move(None)
        if previous is not None and not node.is_above(previous):
            node.move(previous)
    root = Node()
    for node in [*own, *nodes.values()]:
        if node.parent is None and node is not root:
            node.parent = root
            root.children.append(node)
    prune(root, top=True)

    def first(node: Node) -> tuple[int, int]:
        number = node.number if node.number is not None else min(first(child) for child in node.children)[1]
        return messages[number].sent, number

    def arrange(node: Node) -> None:
        for child in node.children:
            arrange(child)
        node.children.sort(key=first)

    arrange(root)
    if not subjects:
        root.children.sort(key=lambda node: newest(node, messages))
        return [child.shown() for child in root.children]
    merge(root, messages, lambda node: messages[first(node)[1]].subject)
    arrange(root)
    return [child.shown() for child in root.children]


def newest(node: Node, messages: list[Message]) -> int:
    own = [messages[node.number].sent] if node.number is not None else []
    return max(own + [newest(child, messages) for child in node.children])


def prune(parent: Node, *, top: bool) -> None:
    for child in list(parent.children):
        prune(child, top=False)
        if child.number is None and (not child.children or not top or len(child.children) == 1):
            for grandchild in list(child.children):
                grandchild.move(parent)
            child.move(None)


def merge(root: Node, messages: list[Message], subject_of: Any) -> None:
    table: dict[str, Node] = {}
    for node in root.children:
        subject = subject_of(node)
        held = table.get(subject)
        if held is None or (
            held.number is not None
            and (node.number is None or (messages[held.number].reply and not messages[node.number].reply))
        ):
            table[subject] = node
    for node in list(root.children):
        subject = subject_of(node)
        held = table[subject]
        if not subject or held is node:
            continue
        if held.number is None and node.number is None:
            for child in list(node.children):
                child.move(held)
            node.move(None)
        elif held.number is None or answers(messages, node, held):
            node.move(held)
        else:
            missing = Node()
            missing.move(root)
            held.move(missing)
            node.move(missing)
            table[subject] = missing


def answers(messages: list[Message], node: Node, held: Node) -> bool:
    return (
        node.number is not None
        and held.number is not None
        and messages[node.number].reply
        and not messages[held.number].reply
    )


def shown(forest: Forest) -> list[Any]:
    def one(node: int) -> Any:
        children = [one(child) for child in forest.children.get(node, ())]
        return node if node < forest.count else None, children

    return [one(root) for root in forest.roots]


def columns(messages: list[Message]) -> dict[Facet, list[Any]]:
    def key(id_: int) -> bytes:
        return message_key(b"<%d@x>" % id_)

    return {
        Facet.ID: [int.from_bytes(key(message.id), "little") if message.id else 0 for message in messages],
        Facet.REFERENCES: [b"".join([key(id_) for id_ in message.chain]) for message in messages],
        Facet.SENT: [message.sent for message in messages],
        Facet.SUBJECT_KEY: [message.subject for message in messages],
        Facet.IS_REPLY: [int(message.reply) for message in messages],
    }


MESSAGES = st.lists(
    st.builds(
        Message,
        st.integers(0, 12),
        st.lists(st.integers(1, 14), max_size=5),
        st.integers(0, 6),
        st.sampled_from(["", "TEA", "COFFEE", "LUNCH"]),
        st.booleans(),
    ),
    max_size=14,
)


@settings(max_examples=600)
@given(MESSAGES)
def test_references(messages: list[Message]) -> None:
    forest = run(references, messages)
    assert shown(forest) == by_the_book(messages, subjects=True)


@settings(max_examples=300)
@given(MESSAGES)
def test_refs(messages: list[Message]) -> None:
    forest = run(refs, messages)
    book = by_the_book(messages, subjects=False)
    assert sorted(map(repr, shown(forest))) == sorted(map(repr, book))
    dates = [max(messages[number].sent for number in numbers(thread)) for thread in shown(forest)]
    assert dates == sorted(dates)


@given(MESSAGES)
def test_ordered_subject(messages: list[Message]) -> None:
    threads = shown(run(ordered_subject, messages))
    order = sorted(range(len(messages)), key=lambda number: messages[number].sent)
    groups: dict[str, list[int]] = {}
    for number in order:
        groups.setdefault(messages[number].subject, []).append(number)
    assert threads == [(first, [(other, []) for other in others]) for first, *others in groups.values()]


@given(MESSAGES)
def test_every_message_is_written_once(messages: list[Message]) -> None:
    names = [b"%d" % (number + 1) for number in range(len(messages))]
    for algorithm in (references, refs, ordered_subject):
        text = b"".join(run(algorithm, messages).threads(names)).decode()
        assert sorted(text.replace("(", " ").replace(")", " ").split()) == sorted(name.decode() for name in names)
        assert "()" not in text
        assert text.count("(") == text.count(")")


def test_a_chain_of_any_length_is_written() -> None:
    count = 20_000
    messages = [Message(number, [number - 1] if number > 1 else [], number, "", True) for number in range(1, count + 1)]
    forest = run(references, messages)
    (text,) = forest.threads([b"%d" % number for number in range(1, count + 1)])
    assert text == b"(" + b" ".join([b"%d" % number for number in range(1, count + 1)]) + b")"


def numbers(thread: Any) -> list[int]:
    number, children = thread
    return ([] if number is None else [number]) + [one for child in children for one in numbers(child)]


def run(algorithm: Any, messages: list[Message]) -> Forest:
    found: Forest = LOOP.run_until_complete(asyncio.wait_for(algorithm(columns(messages)), 30)).forest
    return found


FEW_TIED = st.lists(
    st.tuples(st.lists(st.integers(1, 8), max_size=3), st.sampled_from(["", "TEA", "RUM"])), min_size=3, max_size=6
).map(lambda some: [Message(at + 1, chain, at, subject, False) for at, (chain, subject) in enumerate(some)])


@settings(max_examples=600)
@given(FEW_TIED, st.data())
@pytest.mark.parametrize("which", [Threading.REFERENCES, Threading.REFS, Threading.ORDEREDSUBJECT])
def test_clusters_can_be_threaded_each_for_itself(
    which: Threading, messages: list[Message], data: st.DataObject
) -> None:
    """Also when some of their messages went since the clusters were found."""
    way = WAYS[which]

    def threads(some: list[int]) -> Threads:
        found = columns([messages[number] for number in some])
        made: Threads = LOOP.run_until_complete(asyncio.wait_for(way.algorithm(found), 30))
        return made

    def shown_by_number(some: list[int]) -> list[tuple[int, int, Any]]:
        made = threads(some)
        firsts = [some[made.forest.first(root)] for root in made.forest.roots]
        return [*zip(made.dates, firsts, [renamed(thread, some) for thread in shown(made.forest)], strict=True)]

    every = [*range(len(messages))]
    subjects = columns(messages)[Facet.SUBJECT_KEY] if Facet.SUBJECT_KEY in way.facets else []
    found = LOOP.run_until_complete(clusters_of(threads(every).links, len(messages), subjects, way.tying))
    gone = data.draw(st.sets(st.sampled_from(every))) if every else set()
    left = [number for number in every if number not in gone]
    clusters: dict[int, list[int]] = {}
    for number in left:
        clusters.setdefault(found.messages[number], []).append(number)
    each = [thread for some in clusters.values() for thread in shown_by_number(some)]
    assert sorted(each, key=lambda thread: thread[:2]) == shown_by_number(left)


def renamed(thread: Any, names: list[int]) -> Any:
    number, children = thread
    return None if number is None else names[number], [renamed(child, names) for child in children]
