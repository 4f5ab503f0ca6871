"""Traces: appended, found by address, Message-ID, number and time, and forgotten; on every engine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.core.queue.numbers import first_number
from posthouse.core.trace.finding import (
    LAST,
    TracedLetter,
    find_between,
    find_marked,
    find_number,
    forget_letters,
)
from posthouse.core.trace.records import Note, TraceEvent, append_events, append_notes, mark_of, marks_of
from posthouse.formats.address import canonical_local, parse_address
from posthouse.storage.contract import ReadTransaction, Store, WriteTransaction, operation, query
from posthouse.storage.spaces import TRACE
from tests.unit.admin.house import put_raw

NOW = 1_790_000_000_000
MESSAGE_ID = "<Abc.1@Far.example>"


@operation
def append(txn: WriteTransaction, number: int, events: list[TraceEvent], marks: list[str]) -> None:
    append_events(txn, number, events, marks)


@query
def kept(txn: ReadTransaction) -> list[int]:
    return [TRACE.parse(key)[0] for key, _ in txn.scan(*TRACE.range())]


async def step(store: Store, number: int, at: int, what: str, *marks: str) -> None:
    await store.write(append, number, [TraceEvent(at, what, {"peer": "192.0.2.1"})], list(marks))


async def marked(store: Store, mark: str, first: int = 0, before: int = LAST) -> list[TracedLetter]:
    looked = await store.read(find_marked, mark, first, before, 1000)
    assert looked.down_to == 0
    return looked.letters


def steps(letters: list[TracedLetter]) -> list[tuple[int, list[str]]]:
    return [(letter.number, [event.what for event in letter.events]) for letter in letters]


async def test_a_letter_is_found_by_all_that_marks_it(store: Store) -> None:
    number = first_number(NOW) + 5
    await step(store, number, NOW, "received", "Ann@Example.ORG", MESSAGE_ID)
    await step(store, number, NOW + 7, "queued", "käthe@bücher.example")
    kaethe = "KÄTHE@xn--bcher-kva.example"
    for text in ("ann@example.org", " <ANN@example.org> ", "abc.1@far.example", MESSAGE_ID, kaethe):
        found = await marked(store, mark_of(text))
        assert steps(found) == [(number, ["received", "queued"])]
    assert found[0].events[0].fields == {"peer": "192.0.2.1"}
    for text in ("bob@example.org", "ann@example.or", "ann", "192.0.2.1"):
        assert await marked(store, mark_of(text)) == []
    assert steps([found[0]]) == steps([await store.read(find_number, number) or found[0]])
    assert await store.read(find_number, number + 1) is None


async def test_steps_of_one_moment_keep_their_order(store: Store) -> None:
    number = first_number(NOW)
    await store.write(append, number, [TraceEvent(NOW, str(each), {}) for each in range(5)], ["a@example.org"])
    await store.write(append_notes, [Note(number, TraceEvent(NOW, str(each), {})) for each in range(5, 1500)])
    await step(store, number, NOW + 1, "later")
    await step(store, number, NOW - 1, "before")
    found = await store.read(find_number, number)
    assert found is not None
    assert [event.what for event in found.events] == ["before", *map(str, range(1500)), "later"]


async def test_newest_first_in_a_time_and_page_by_page(store: Store) -> None:
    numbers = [first_number(NOW + each * 1000) for each in range(10)]
    for each, number in enumerate(numbers):
        await step(store, number, NOW + each * 1000, "received", "ann@example.org")
        await step(store, number, NOW + each * 1000, "delivered")
    first, before = first_number(NOW + 2000), first_number(NOW + 7000)
    right = [(number, ["received", "delivered"]) for number in reversed(numbers[2:7])]
    assert steps(await store.read(find_between, first, before, 100)) == right
    assert steps(await marked(store, "ann@example.org", first, before)) == right
    page = await store.read(find_between, first, before, 2)
    assert steps(page) == right[:2]
    assert steps(await store.read(find_between, first, page[-1].number, 2)) == right[2:4]
    looked = await store.read(find_marked, "ann@example.org", 0, LAST, 1)
    assert (steps(looked.letters), looked.down_to) == ([(numbers[-1], right[0][1])], numbers[-1])


@pytest.mark.parametrize("limit", range(1, 9))
async def test_looking_through_page_by_page_misses_no_letter(store: Store, limit: int) -> None:
    numbers = [first_number(NOW) + each for each in range(6)]
    for number in numbers:
        for each in range(number % 3 + 1):
            await step(store, number, NOW + each, "step", *(["ann@example.org"] if number % 2 else []))
    found, before = [], LAST
    while before:
        looked = await store.read(find_marked, "ann@example.org", 0, before, limit)
        assert looked.down_to < before
        found += looked.letters
        before = looked.down_to
    assert [letter.number for letter in found] == [number for number in reversed(numbers) if number % 2]


async def test_old_letters_are_forgotten(store: Store) -> None:
    old, held, young = (first_number(NOW + each) for each in (0, 1, 5000))
    for number in (old, held, young):
        await step(store, number, NOW, "received", f"{number}@example.org", "all@example.org")
    await step(store, held, NOW + 5000, "carried", "far@elsewhere.net")
    after = await store.write(forget_letters, NOW + 4000, 0, 1)
    assert after == old
    assert await store.write(forget_letters, NOW + 4000, after, 10) == 0
    assert await store.read(kept) == [held, held, young]
    for _ in range(2):  # done twice, it does no more
        assert await store.write(forget_letters, NOW + 9000, 0, 10) == 0
    assert await store.read(kept) == []


async def test_a_damaged_step_hides_no_other(store: Store) -> None:
    number = first_number(NOW)
    await step(store, number, NOW, "received", "ann@example.org")
    await store.write(put_raw, TRACE.key(number, (NOW + 1) << 20), b"\xc1")
    await store.write(put_raw, TRACE.key(number + 1, NOW << 20), b"\xc1")
    for found in (
        await store.read(find_between, 0, LAST, 10),
        await marked(store, "ann@example.org"),
    ):
        assert steps(found) == [(number, ["received"])]
    assert await store.write(forget_letters, NOW + 1_000_000, 0, 10) == 0
    assert await store.read(kept) == []


@given(st.text())
def test_any_text_is_a_mark(text: str) -> None:
    assert mark_of(f" <{text}>\r\n") == mark_of(text)


@pytest.mark.parametrize("text", ["x" * 1000, "\0" * 300 + "x", "\udcff@x", "ä" * 500 + "@x.org", "a" * 399 + "ß"])
def test_what_is_too_long_or_no_text(text: str) -> None:
    assert len(mark_of(text).encode()) <= 400


def test_marks_stand_once() -> None:
    assert marks_of(["Ann@x.example", "", "<>", "ann@X.example", "b"]) == ("ann@x.example", "b")


@given(st.from_regex(r"[a-zA-Z0-9._+-]{1,6}@[a-zA-Z0-9.-]{1,9}", fullmatch=True))
def test_the_short_way_to_a_mark_is_no_other(text: str) -> None:
    try:
        address = parse_address(text)
    except ValueError:
        assert mark_of(text) == text.lower()
    else:
        assert mark_of(text) == f"{canonical_local(address.local)}@{address.domain}"
