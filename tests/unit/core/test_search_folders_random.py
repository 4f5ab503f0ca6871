"""Whatever is done to mail, a search folder shows what fits."""

from __future__ import annotations

import asyncio
import random

import pytest

from posthouse.core.mail.criteria.keys import (
    And,
    Body,
    EnvelopeField,
    HasFlag,
    HasKeyword,
    Not,
    Older,
    Or,
    SearchKey,
    Younger,
)
from posthouse.core.mail.flags import FlagChange
from posthouse.core.mail.mailboxes import find_mailbox
from posthouse.core.mail.messages import copy, expunge, move, rows, store_flags
from posthouse.core.mail.search_folders import acting, pending, refreshing
from posthouse.storage.changes import prune_changes
from posthouse.storage.contract import Store
from posthouse.storage.item_bytes import EVERY
from tests.unit.core.search_house import DELETED, FLAGGED, NOW, SEEN, UNSEEN, House, furnish, sources


@pytest.fixture
def house(store: Store, loop: asyncio.AbstractEventLoop) -> House:
    loop.run_until_complete(furnish(store))
    return House(store)


async def some_change(house: House, choice: random.Random, folders: list[int], mailboxes: list[str]) -> None:
    mailbox = choice.choice(mailboxes)
    number = await house.number(mailbox)
    first = choice.randint(1, 20)
    some = [(first, first + choice.randint(0, 3))]
    flags = choice.choice([SEEN, FLAGGED, DELETED, SEEN | FLAGGED])
    change = FlagChange(choice.choice(["add", "remove", "replace"]), flags, choice.choice([(), ("red",)]))
    match choice.randrange(10):
        case 0 | 1:
            await house.put(mailbox, *choice.choices(["one", "two"], k=choice.randint(1, 4)))
        case 2 | 3:
            await house.store.write(store_flags, 1, number, some, change, None)
        case 4:
            await house.store.write(move, 1, number, some, choice.choice(mailboxes), NOW)
        case 5:
            await house.store.write(copy, 1, number, some, choice.choice(mailboxes), NOW)
        case 6:
            await house.store.write(expunge, 1, number, [EVERY], NOW)
        case 7:
            await house.store.write(acting.store_flags, 1, choice.choice(folders), some, change, None)
        case 8:
            await house.store.write(acting.expunge, 1, choice.choice(folders), [EVERY], NOW)
        case 9:
            house.now += choice.randint(1, 30_000)


CRITERIA: list[SearchKey] = [
    UNSEEN,
    And((HasFlag(FLAGGED, True), Not(HasKeyword("red", True)))),
    Or(EnvelopeField("subject", "one"), Body("body of two")),
    And((Younger(60), Or(Older(20), HasFlag(SEEN, True)))),
]


def fits(which: int, subject: str, flags: int, red: bool, age: int) -> bool:
    """The same in words of its own; `age` in ms."""
    if which == 0:
        return not flags & SEEN
    if which == 1:
        return bool(flags & FLAGGED) and not red
    if which == 2:
        return subject in ("one", "two")
    return age <= 60_000 and (age >= 20_000 or bool(flags & SEEN))


@pytest.mark.parametrize("steps", [120])
async def test_whatever_is_done_it_shows_what_fits(house: House, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    choice = random.Random(seed)
    for module, name, value in (
        (pending, "ENTRIES_AT_ONCE", choice.choice([1, 3, 500])),
        (pending, "MESSAGES_AT_ONCE", choice.choice([2, 1000])),
        (pending, "UNWRITTEN", choice.choice([1, 100])),
        (refreshing, "WRITTEN_AT_ONCE", choice.choice([1, 200])),
    ):
        monkeypatch.setattr(module, name, value)
    mailboxes = ["INBOX", "Archive", "Trash"]
    folders = [await house.define(f"Folder {n}", key, main="Archive") for n, key in enumerate(CRITERIA)]
    seen: dict[int, dict[int, tuple[int, int]]] = {folder: {} for folder in folders}
    for _ in range(steps):
        await some_change(house, choice, folders, mailboxes)
        if choice.random() < 0.03:
            await house.store.write(prune_changes, 1, choice.choice([0, 5]), 1000)
        if choice.random() < 0.5:
            continue
        for which, folder in enumerate(folders):
            shown = dict(await house.shown(folder))
            held = await house.store.read(sources, folder)
            wanted = {}
            for name in mailboxes[:2]:
                mailbox = await house.store.read(find_mailbox, 1, name)
                red = 1 << mailbox.keywords.index("red") if "red" in mailbox.keywords else 0
                for row in await house.store.read(rows, 1, mailbox.id, 1, 2**32 - 1, 10_000, 4):
                    assert row.record is not None
                    age = house.now - row.received
                    if fits(which, row.record.header.subject, row.flags, bool(row.keywords & red), age):
                        wanted[mailbox.id, row.uid] = row.flags
            assert {held[uid]: flags for uid, flags in shown.items()} == wanted, (seed, which)
            # a UID never means another message, and new ones are higher than any before
            for uid in shown:
                assert seen[folder].setdefault(uid, held[uid]) == held[uid]
            known = list(seen[folder])
            assert known == sorted(known)
