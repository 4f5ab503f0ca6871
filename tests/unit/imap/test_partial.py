"""Places in a result, of lists and of ranges alike; RFC 9394 3."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from posthouse.protocols.imap.commands.partial import places, within
from posthouse.storage.ranges import Range

PARTIALS = st.tuples(st.integers(1, 30), st.integers(1, 30), st.sampled_from([1, -1])).map(
    lambda ends: (ends[0] * ends[2], ends[1] * ends[2])
)
RANGES = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 5)), max_size=6)


@given(PARTIALS, RANGES)
def test_of_any_result(partial: tuple[int, int], gaps: list[tuple[int, int]]) -> None:
    positions: list[Range] = []
    at = 0
    for gap, length in gaps:
        positions.append((at + gap, at + gap + length))
        at += gap + length
    found = [at for start, stop in positions for at in range(start, stop)]
    low, high = sorted(map(abs, partial))
    right = found[low - 1 : high] if partial[0] > 0 else found[::-1][low - 1 : high][::-1]
    assert found[slice(*places(partial, len(found)))] == right
    assert [at for start, stop in within(positions, partial) for at in range(start, stop)] == right
