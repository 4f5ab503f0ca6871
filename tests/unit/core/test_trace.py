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
from posthouse.storage.contract import MAX_KEY_OCTETS, ReadTransaction, Store, WriteTransaction, operation, query
from posthouse.storage.spaces import TRACE, TRACE_MARK
from tests.unit.admin.house import put_raw

NOW = 1_790_000_000_000
MESSAGE_ID = "<Abc.1@Far.example>"


@operation
def append(txn: WriteTransaction, number: int, events: list[TraceEvent], marks: list[str]) -> None:
    append_events(txn, number, events, marks)


@query
def kept(txn: ReadTransaction) -> tuple[int, list[str]]:
    marks = sorted(TRACE_MARK.parse(key)[0] for key, _ in txn.scan(*TRACE_MARK.range()))
    return sum(1 for _ in txn.scan(*TRACE.range())), marks


async def step(store: Store, number: int, at: int, what: str, *marks: str) -> None:
    await store.write(append, number, [TraceEvent(at, what, {"peer": "192.0.2.1"})], list(marks))


def steps(letters: list[TracedLetter]) -> list[tuple[int, list[str]]]:
    return [(letter.number, [event.what for event in letter.events]) for letter in letters]


async def test_a_letter_is_found_by_all_that_marks_it(store: Store) -> None:
    number = first_number(NOW) + 5
    await step(store, number, NOW, "received", "Ann@Example.ORG", MESSAGE_ID)
    await step(store, number, NOW + 7, "queued", "käthe@bücher.example")
    kaethe = "KÄTHE@xn--bcher-kva.example"
    for text in ("ann@example.org", " <ANN@example.org> ", "abc.1@far.example", MESSAGE_ID, kaethe):
        found = await store.read(find_marked, mark_of(text), 0, LAST, 10)
        assert steps(found) == [(number, ["received", "queued"])]
    assert found[0].events[0].fields == {"peer": "192.0.2.1"}
    for text in ("bob@example.org", "ann@example.or", "ann", ""):
        assert await store.read(find_marked, mark_of(text), 0, LAST, 10) == []
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
    assert steps(await store.read(find_marked, "ann@example.org", first, before, 100)) == right
    page = await store.read(find_between, first, before, 2)
    assert steps(page) == right[:2]
    assert steps(await store.read(find_between, first, page[-1].number, 2)) == right[2:4]
    assert steps(await store.read(find_marked, "ann@example.org", 0, LAST, 1)) == [(numbers[-1], right[0][1])]


async def test_old_letters_are_forgotten_with_their_marks(store: Store) -> None:
    old, held, young = (first_number(NOW + each) for each in (0, 1, 5000))
    for number in (old, held, young):
        await step(store, number, NOW, "received", f"{number}@example.org", "all@example.org")
    await step(store, held, NOW + 5000, "carried", "far@elsewhere.net")
    after = await store.write(forget_letters, NOW + 4000, 0, 1)
    assert after == old
    assert await store.write(forget_letters, NOW + 4000, after, 10) == 0
    count, marks = await store.read(kept)
    assert count == 3
    assert marks == sorted(
        ["all@example.org"] * 2 + ["far@elsewhere.net", f"{held}@example.org", f"{young}@example.org"]
    )
    for _ in range(2):  # done twice, it does no more
        assert await store.write(forget_letters, NOW + 9000, 0, 10) == 0
    assert await store.read(kept) == (0, [])


async def test_a_damaged_step_hides_no_other(store: Store) -> None:
    number = first_number(NOW)
    await step(store, number, NOW, "received", "ann@example.org")
    await store.write(put_raw, TRACE.key(number, (NOW + 1) << 20), b"\xc1")
    await store.write(put_raw, TRACE.key(number + 1, NOW << 20), b"\xc1")
    await store.write(put_raw, TRACE_MARK.key("ann@example.org", number + 2), b"")
    for found in (
        await store.read(find_between, 0, LAST, 10),
        await store.read(find_marked, "ann@example.org", 0, LAST, 10),
    ):
        assert steps(found) == [(number, ["received"])]
    assert await store.write(forget_letters, NOW + 1_000_000, 0, 10) == 0
    assert (await store.read(kept))[0] == 0


@given(st.text())
def test_any_text_is_a_mark_that_a_key_can_hold(text: str) -> None:
    mark = mark_of(text)
    assert mark_of(f" <{text}>\r\n") == mark
    assert len(TRACE_MARK.key(mark, LAST)) <= MAX_KEY_OCTETS
    assert TRACE_MARK.parse(TRACE_MARK.key(mark, 1)) == (mark, 1)


@pytest.mark.parametrize("text", ["x" * 1000, "\0" * 300 + "x", "\udcff@x", "ä" * 500 + "@x.org", "a" * 399 + "ß"])
def test_what_is_too_long_or_no_text(text: str) -> None:
    assert len(TRACE_MARK.key(mark_of(text), LAST)) <= MAX_KEY_OCTETS


def test_marks_stand_once() -> None:
    assert marks_of(["Ann@x.example", "", "<>", "ann@X.example", "b"]) == ("ann@x.example", "b")
