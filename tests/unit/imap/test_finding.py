"""What SEARCH finds by flags, sets and digests is what each message says alone; SORT is Python's own sort."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posthouse.core.mail.criteria import keys
from posthouse.core.mail.digests import reading
from posthouse.core.mail.flags import FlagChange
from posthouse.core.mail.messages import Column, append, expunge, rows, store_flags
from posthouse.formats.casemap import casemap
from posthouse.formats.mime.base_subject import base_subject
from posthouse.protocols.imap.commands import sorting
from posthouse.protocols.imap.commands.search.command import find
from posthouse.protocols.imap.commands.search.relevancy import Relevancy
from posthouse.protocols.imap.commands.search.sieve import Sieve
from posthouse.protocols.imap.commands.sort import ordering
from posthouse.protocols.imap.commands.sort.ordering import ordered
from posthouse.protocols.imap.commands.thread import command
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.dialect import Dialect
from posthouse.protocols.imap.opening import open_view
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.search import IsRecent, Numbers, Uids
from posthouse.protocols.imap.wire.sequence import SequenceSet
from posthouse.protocols.imap.wire.sort import Criterion, SortKey
from posthouse.storage.item_bytes import EVERY
from tests.conftest import LOOP
from tests.letters import letter
from tests.unit.imap.world import NOW, World, open_world

COUNT = 60


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BLOCK_BITS", 4)
    monkeypatch.setattr(reading, "LEAST", 4)
    monkeypatch.setattr(sorting, "PIECE", 7)
    monkeypatch.setattr(ordering, "LEAST", 10)


async def filled() -> tuple[World, View, User]:
    world = await open_world()
    choice = random.Random(1)
    letters = [
        letter(
            f"From: {choice.choice(['Ann', 'Bob', 'Carol'])} <x{choice.randrange(4)}@example.org>\r\nTo: y@z\r\n"
            f"Subject: {choice.choice(['', 'Re: '])}{choice.choice(['Tea', 'Coffee', 'tea', 'Ärger'])}\r\n"
            f"Message-ID: <{number}@x>\r\nX-Number: {number}\r\n\r\n{'body ' * choice.randrange(5)}".encode()
        )
        for number in range(COUNT)
    ]
    flags = [(choice.choice([0, 1, 4, 5]), ("$Work",) if choice.random() < 0.3 else ()) for _ in letters]
    times = [NOW + choice.randrange(10) for _ in letters]
    await world.store.write(append, 1, "INBOX", letters, flags, times, NOW)
    await world.store.write(store_flags, 1, 1, [(9, 11), (30, 30)], FlagChange("add", 8), None)
    await world.store.write(expunge, 1, 1, [EVERY], NOW)
    dialect = Dialect()
    view = await open_view(world.store, 1, "INBOX", dialect, read_only=False)
    no_channel: Any = None
    user = User(1, "alice@example.org", world.store, no_channel, world.contracts, dialect)
    return world, view, user


NUMBERS = st.tuples(st.integers(1, 50), st.integers(1, 50)).map(lambda ends: (min(ends), max(ends)))
LEAVES = st.one_of(
    st.just(keys.All()),
    st.builds(keys.HasFlag, st.sampled_from([1, 4]), st.booleans()),
    st.builds(keys.HasKeyword, st.sampled_from(["$work", "none"]), st.booleans()),
    st.builds(IsRecent, st.booleans()),
    st.builds(
        keys.EnvelopeField,
        st.sampled_from(["from", "to", "subject"]),
        st.sampled_from(["ann", "te", "z", "ä", "a\nt", "re:\tT"]),
    ),
    st.builds(
        keys.Header,
        st.sampled_from(["message-id", "x-number", "from"]),
        st.sampled_from(["1", "22", "", "<x1@", "N\n"]),
    ),
    st.builds(keys.Larger, st.integers(100, 200)),
    st.builds(keys.Body, st.sampled_from(["body body", "nothing"])),
    st.builds(Numbers, st.builds(SequenceSet, st.tuples(NUMBERS))),
    st.builds(Uids, st.builds(SequenceSet, st.tuples(NUMBERS))),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(keys.Not, inner),
        st.builds(keys.Or, inner, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda some: keys.And(tuple(some))),
    ),
    max_leaves=6,
)


async def one_by_one(key: keys.SearchKey, view: View, user: User) -> list[int]:
    """The same with nothing known beforehand: each key is asked of each message."""
    match key:
        case keys.And(children):
            found = [set(await one_by_one(child, view, user)) for child in children]
            return sorted(set.intersection(*found))
        case keys.Or(left, right):
            return sorted({*await one_by_one(left, view, user), *await one_by_one(right, view, user)})
        case keys.Not(child):
            return sorted({*range(view.exists)} - {*await one_by_one(child, view, user)})
    with pytest.MonkeyPatch.context() as patched:
        for name in ("read", "read_flags", "add_ranges"):
            patched.setattr(Sieve, name, _nothing)
        return await find("t", key, view, user)


async def _nothing(*_: object, **__: object) -> None:
    pass


@settings(max_examples=100)
@given(st.lists(TREES, min_size=5, max_size=5))
def test_searches(trees: list[keys.SearchKey]) -> None:
    async def work() -> None:
        _, view, user = await filled()
        for key in trees:
            assert await find("t", key, view, user) == await one_by_one(key, view, user), key

    LOOP.run_until_complete(asyncio.wait_for(work(), 60))


async def test_no_text_is_found_across_two_messages() -> None:
    _, view, user = await filled()
    for text in ("a\nt", "tea\n", "\nre:", "tea\r\ntea"):
        assert await find("t", keys.EnvelopeField("subject", text), view, user) == []
    assert await find("t", keys.EnvelopeField("subject", "Re:\ttea"), view, user) != []


CRITERIA = st.lists(
    st.builds(
        Criterion,
        st.sampled_from([SortKey.ARRIVAL, SortKey.FROM, SortKey.SIZE, SortKey.SUBJECT, SortKey.DISPLAYFROM]),
        st.booleans(),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=40)
@given(st.lists(CRITERIA, min_size=3, max_size=3), st.lists(st.integers(0, COUNT - 5), unique=True))
def test_sorting(wanted: list[list[Criterion]], positions: list[int]) -> None:
    async def work() -> None:
        world, view, user = await filled()
        found = await world.store.read(rows, 1, 1, 1, 1000, 1000, Column.RECORD)
        headers = [row.record.header for row in found if row.record is not None]
        values = {
            SortKey.ARRIVAL: [row.received for row in found],
            SortKey.SIZE: [row.size for row in found],
            SortKey.FROM: [casemap(header.from_.split("<")[1].split("@")[0]) for header in headers],
            SortKey.DISPLAYFROM: [casemap(header.from_.split(" ")[0]) for header in headers],
            SortKey.SUBJECT: [casemap(base_subject(header.subject).text) for header in headers],
        }
        for criteria in wanted:
            for chosen in ([*range(view.exists)], sorted(positions)):
                right = list(chosen)
                for criterion in reversed(criteria):
                    right.sort(key=values[criterion.key].__getitem__, reverse=criterion.reverse)
                assert await ordered(chosen, criteria, Relevancy(), view, user) == right

    LOOP.run_until_complete(asyncio.wait_for(work(), 60))


@pytest.mark.parametrize("algorithm", ["REFERENCES", "ORDEREDSUBJECT", "REFS"])
async def test_threads_that_are_kept_are_of_what_is_there(algorithm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "LEAST", 10)
    monkeypatch.setattr(command, "OCTETS_AT_ONCE", 7)
    world, _, _ = await filled()
    client = world.connect()
    await client.greeting()
    await client.ok("LOGIN alice@example.org secret")
    await client.ok("SELECT INBOX")

    async def threads(what: str) -> bytes:
        (line,) = await client.ok(f"{what} {algorithm} UTF-8 ALL")
        return line

    fresh = await threads("THREAD")
    assert await threads("THREAD") == fresh
    by_uid = await threads("UID THREAD")
    assert by_uid != fresh
    assert await threads("UID THREAD") == by_uid
    await client.ok("STORE 1:20 +FLAGS.SILENT (\\Deleted)")
    await client.ok("EXPUNGE")
    fewer = await threads("THREAD")
    monkeypatch.setattr(command, "LEAST", 1000)
    assert await threads("THREAD") == fewer
    assert await threads("THREAD") != fresh


@pytest.mark.parametrize("criteria", ["SUBJECT", "REVERSE SUBJECT", "FROM", "REVERSE SIZE", "FROM SUBJECT"])
async def test_what_came_since_is_sorted_in(criteria: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world, _, _ = await filled()
    client = world.connect()
    await client.greeting()
    await client.ok("LOGIN alice@example.org secret")
    await client.ok("SELECT INBOX")
    for number in range(4):
        monkeypatch.setattr(ordering, "LEAST", 10)
        (kept,) = await client.ok(f"SORT ({criteria}) UTF-8 ALL")
        monkeypatch.setattr(ordering, "LEAST", 1000)
        (fresh,) = await client.ok(f"SORT ({criteria}) UTF-8 ALL")
        assert kept == fresh
        text = f"From: Bob <x{number}@y>\r\nSubject: {'Tea' if number % 2 else 'Re: Coffee'}\r\n\r\n"
        await client.ok(f"APPEND INBOX {{{len(text)}+}}\r\n{text}")
        await client.ok("NOOP")
