"""Very many ranges, worked on in windows, are what they are worked on at once."""

from __future__ import annotations

import random

import pytest

from posthouse.protocols.imap import mailbox_log, windows
from posthouse.storage.changes import LogPage, net
from posthouse.storage.ranges import Range, intersect, merge


def some_ranges(choice: random.Random) -> list[Range]:
    firsts = [choice.randrange(1, 400) for _ in range(choice.randrange(40))]
    return [(first, first + choice.choice([0, 0, 0, 1, 3, 150])) for first in firsts]


@pytest.mark.parametrize("size", [1, 3, 8])
async def test_they_are_what_they_are_at_once(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((windows, "RANGES"), (mailbox_log, "RANGES"), (windows, "SAMPLED")):
        monkeypatch.setattr(module, name, 2 if name == "SAMPLED" else size)
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    choice = random.Random(seed)
    for _ in range(200):
        one, other, third = (some_ranges(choice) for _ in range(3))
        assert await windows.merged(one, other) == merge(one + other)
        assert await windows.intersected(merge(one), merge(other)) == intersect(merge(one), merge(other))
        pages = [LogPage(at, one[at::2], other[at::2], third[at::2], True, at) for at in range(2)]
        assert await mailbox_log._net(pages) == net(pages)
