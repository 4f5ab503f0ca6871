"""Items changed by their bytes, against the same done to each by itself."""

from __future__ import annotations

import random

import pytest

from posthouse.core.mail.counting import count, count_all, tally
from posthouse.storage import item_bytes
from posthouse.storage.collections import CollectionRecord
from posthouse.storage.contract import WriteTransaction, operation
from posthouse.storage.items import Item, decode_item
from posthouse.storage.memory import MemoryStore
from posthouse.storage.ranges import Range, merge, runs
from posthouse.storage.spaces import ITEM


def some_items(choice: random.Random, number: int) -> list[Item]:
    return [
        Item(
            choice.randrange(32),
            choice.randrange(1 << 60),
            choice.randrange(1 << 32),
            choice.randrange(1 << 45),
            choice.randrange(1 << 45),
            choice.randrange(1 << 40),
            choice.choice([0, 0, 1, 5, 1 << 9, 1 << 255, choice.randrange(1 << 20)]),
        )
        for _ in range(number)
    ]


@pytest.fixture
def choice() -> random.Random:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    return random.Random(seed)


def test_flags_and_keywords_are_replaced_and_nothing_else(choice: random.Random) -> None:
    items = some_items(choice, 200)
    values = [item.encode() for item in items]
    assert [item_bytes.read_state(state) for state in item_bytes.states(values)] == [
        (item.flags, item.keywords) for item in items
    ]
    new = [choice.choice([None, (choice.randrange(32), choice.choice([0, 3, 1 << 30]))]) for _ in items]
    wanted = []
    for at, (item, state) in enumerate(zip(items, new, strict=True)):
        if state is not None:
            item.flags, item.keywords = state
            item.modseq = 77
            wanted.append((at, item.encode()))
    assert item_bytes.restated(values, new, 77) == wanted


@pytest.mark.parametrize("keywords", [True, False])
def test_items_elsewhere_keep_what_they_show(choice: random.Random, *, keywords: bool) -> None:
    items = some_items(choice, 200)
    for item in items:
        item.keywords *= keywords
    values = [item.encode() for item in items]
    translated = {bitmap: choice.randrange(1, 1 << 40) for bitmap in item_bytes.keyword_sets(values)}
    wanted = []
    for item, value in zip(items, values, strict=True):
        item.keywords = translated[value[39:]] if item.keywords else 0
        item.modseq, item.saved = 5, 6
        wanted.append(item)
    assert [decode_item(value) for value in item_bytes.elsewhere(values, 5, 6, translated)] == wanted


@pytest.mark.parametrize("keywords", [True, False])
def test_columns_and_counters(choice: random.Random, *, keywords: bool) -> None:
    items = some_items(choice, 100)
    for item in items:
        item.keywords *= keywords
    values = [item.encode() for item in items]
    assert item_bytes.modseqs(values).tolist() == [item.modseq for item in items]
    assert item_bytes.objects_of(values).tolist() == [item.object for item in items]
    one_by_one, together = CollectionRecord("mail", "a", 1, 1), CollectionRecord("mail", "a", 1, 1)
    for item in items:
        count(one_by_one, item, -1)
    count_all(together, tally(values), -1)
    assert together == one_by_one


def test_runs(choice: random.Random) -> None:
    for _ in range(300):
        numbers = sorted(choice.sample(range(1, 120), choice.randrange(100)))
        assert runs(numbers) == merge((number, number) for number in numbers)
    assert runs(range(7, 9_007)) == [(7, 9_006)]


@operation
def write_items(txn: WriteTransaction, values: dict[int, bytes]) -> None:
    txn.put_many((ITEM.key(1, 1, uid), value) for uid, value in values.items())


@operation
def read_some(txn: WriteTransaction, ranges: list[Range]) -> list[int]:
    return list(item_bytes.read_items(txn, 1, 1, ranges).uids)


async def test_what_is_damaged_is_not_changed(choice: random.Random) -> None:
    store = MemoryStore()
    good = {uid: item.encode() for uid, item in enumerate(some_items(choice, 9), 1)}
    await store.write(write_items, good)
    assert await store.read(read_some, [(2, 4), (6, 6), (8, 20), (30, 30)]) == [2, 3, 4, 6, 8, 9]
    for broken in (good[3][:20], b"\x07" + good[3][1:], b""):
        await store.write(write_items, {3: broken})
        with pytest.raises(ValueError, match="not an item record"):
            await store.read(read_some, [(2, 4)])
