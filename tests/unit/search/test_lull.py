"""The indexer works in pauses, and in any case when its patience is over."""

from __future__ import annotations

import asyncio
from pathlib import Path

from posthouse.core.search.indexer import PAGE_MESSAGES, Indexer
from posthouse.core.search.lull import PAUSE_SECONDS, Lull
from posthouse.core.search.settings import SearchSettings
from tests.unit.search.house import House

HELLO = b"Subject: Hello\r\n\r\nDear World\r\n"
PATIENCE = 30.0


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_who_hears_nothing_may_work() -> None:
    assert Lull(PATIENCE, Clock()).left() == 0


def test_work_waits_for_a_pause() -> None:
    clock = Clock()
    lull = Lull(PATIENCE, clock)
    for _ in range(3):
        clock.now += PAUSE_SECONDS / 2
        lull.stir()
        assert lull.left() == PAUSE_SECONDS
    clock.now += PAUSE_SECONDS / 4
    assert lull.left() == PAUSE_SECONDS * 3 / 4
    clock.now += PAUSE_SECONDS * 3 / 4
    assert lull.left() == 0


def test_patience_ends_and_begins_again() -> None:
    clock = Clock()
    lull = Lull(PATIENCE, clock)
    lull.stir()
    while clock.now < PATIENCE:
        assert lull.left() > 0
        clock.now += PAUSE_SECONDS / 2
        lull.stir()
    for _ in range(9):  # the work takes its time, and more comes
        assert lull.left() == 0
        clock.now += PAUSE_SECONDS / 2
        lull.stir()
    lull.settle()
    assert lull.left() == PAUSE_SECONDS
    clock.now += PATIENCE - PAUSE_SECONDS / 2
    lull.stir()  # behind a pause: from here on it counts
    assert lull.left() == PAUSE_SECONDS


async def quiet(base: Path, settings: SearchSettings | None = None) -> tuple[House, Indexer]:
    """An indexer that has nothing to do, a pause after what came last."""
    house = await House.open(base, settings)
    indexer = house.indexer()
    house.now += PAUSE_SECONDS
    while await indexer.turn():
        pass
    house.now += PAUSE_SECONDS
    return house, indexer


async def turns(indexer: Indexer) -> int:
    """Until there is nothing that may be done; how often there was."""
    count = 0
    while await indexer.turn():
        count += 1
    return count


async def test_while_letters_come_the_index_waits_for_a_pause(tmp_path: Path) -> None:
    house, indexer = await quiet(tmp_path, SearchSettings(commit_seconds=1))
    for number in range(1, 5):
        await house.add(HELLO)
        assert await turns(indexer) == 0
        assert house.count.left == number  # nobody is told that all is there
        house.now += PAUSE_SECONDS / 2
    house.now += PAUSE_SECONDS / 2
    assert await turns(indexer) == 1
    house.now += 1
    assert await turns(indexer) == 0
    assert (house.count.messages, house.count.left) == (4, 0)
    assert await house.found("hello") == ({1, 2, 3, 4}, set())


async def test_letters_without_end_are_indexed_when_patience_is_over(tmp_path: Path) -> None:
    house, indexer = await quiet(tmp_path)
    began = house.now
    rounds = 0
    for _ in range(8 * int(PATIENCE / PAUSE_SECONDS)):
        await house.add(HELLO)
        rounds += await turns(indexer)
        house.now += PAUSE_SECONDS / 2
        if house.now == began + PATIENCE + PAUSE_SECONDS:
            assert house.count.messages >= PATIENCE / PAUSE_SECONDS
    assert rounds in (3, 4)  # each took all that was there


async def test_a_round_takes_all_pages_of_what_was_due(tmp_path: Path) -> None:
    house, indexer = await quiet(tmp_path)
    for _ in range(2 * PAGE_MESSAGES // 50 + 1):
        await house.add(*[HELLO] * 50)
    while house.notices.lull.left():
        assert await turns(indexer) == 0
        await house.add(HELLO)
        house.now += PAUSE_SECONDS / 2
    assert await indexer.turn()
    await house.add(HELLO)  # it goes on, though one more came
    assert await turns(indexer) == 3  # four pages in all
    assert house.notices.lull.left()


async def test_it_is_stopped_while_it_waits(tmp_path: Path) -> None:
    house, indexer = await quiet(tmp_path)
    await house.add(HELLO)
    running = asyncio.ensure_future(indexer.run())  # its clock stands still
    await asyncio.sleep(0)
    indexer.stop()
    await asyncio.wait_for(running, 30)
    assert house.count.messages == 0
