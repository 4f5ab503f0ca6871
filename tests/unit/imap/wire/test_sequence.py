"""Sequence sets against plain sets of numbers."""

from __future__ import annotations

import itertools
from array import array

from hypothesis import given
from hypothesis import strategies as st

from posthouse.protocols.imap.wire.encoder import uid_set
from posthouse.protocols.imap.wire.sequence import STAR, SequenceSet, ranges_of

RANGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=8)


def meant(ranges: list[tuple[int, int]], largest: int) -> set[int]:
    numbers: set[int] = set()
    for first, last in ranges:
        ends = sorted((first or largest, last or largest))
        numbers.update(range(ends[0], ends[1] + 1))
    return numbers


@given(RANGES, st.integers(1, 30))
def test_resolve(ranges: list[tuple[int, int]], largest: int) -> None:
    resolved = SequenceSet(tuple(ranges)).resolve(largest)
    assert [number for first, last in resolved for number in range(first, last + 1)] == sorted(meant(ranges, largest))
    assert all(after[0] > before[1] + 1 for before, after in itertools.pairwise(resolved))


@given(RANGES, st.integers(1, 30))
def test_positions(ranges: list[tuple[int, int]], count: int) -> None:
    positions = SequenceSet(tuple(ranges)).positions(count)
    found = [position + 1 for start, stop in positions for position in range(start, stop)]
    assert found == sorted(number for number in meant(ranges, count) if number <= count)


@given(RANGES, st.sets(st.integers(1, 50)))
def test_uid_positions(ranges: list[tuple[int, int]], uids: set[int]) -> None:
    view = array("I", sorted(uids))
    positions = SequenceSet(tuple(ranges)).uid_positions(view)
    found = [uid for start, stop in positions for uid in view[start:stop]]
    assert found == sorted(meant(ranges, view[-1]) & uids if uids else set())
    assert all(after[0] > before[1] for before, after in itertools.pairwise(positions))


def test_uids_with_nothing_between_them_are_one_range() -> None:
    assert SequenceSet(((1, 2), (5, 6))).uid_positions(array("I", [2, 5, 9])) == [(0, 2)]


def test_an_empty_mailbox_has_nothing() -> None:
    everything = SequenceSet(((1, STAR),))
    assert everything.resolve(0) == []
    assert everything.positions(0) == []
    assert everything.uid_positions(array("I")) == []


def test_exceeds() -> None:
    assert not SequenceSet(((1, STAR),)).exceeds(0)
    assert not SequenceSet(((STAR, 1),)).exceeds(0)
    assert SequenceSet(((1, 1),)).exceeds(0)
    assert SequenceSet(((2, STAR),)).exceeds(1)
    assert not SequenceSet(((STAR, 1), (3, 2))).exceeds(3)
    assert SequenceSet(((4, 2),)).exceeds(3)


@given(st.sets(st.integers(1, 60)))
def test_ranges_of(numbers: set[int]) -> None:
    ranges = ranges_of(sorted(numbers))
    assert [number for first, last in ranges for number in range(first, last + 1)] == sorted(numbers)
    assert all(after[0] > before[1] + 1 for before, after in itertools.pairwise(ranges))


def test_uid_set() -> None:
    assert uid_set([(1, 1), (3, 5)]) == b"1,3:5"
