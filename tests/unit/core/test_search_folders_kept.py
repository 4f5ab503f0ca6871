"""Search folders when workers die, records are damaged, and accounts go."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from posthouse.core.mail.criteria.keys import All, Younger
from posthouse.core.mail.erase import erase_some
from posthouse.core.mail.mailboxes import list_mailboxes
from posthouse.core.mail.messages import expunge
from posthouse.core.mail.search_folders import pending, refreshing
from posthouse.core.mail.search_folders.refreshing import Turns
from posthouse.core.maintenance.account import check_account, mend_account, renew_account
from posthouse.storage.changes import prune_changes
from posthouse.storage.contract import Store, StoreUnavailable, WriteTransaction, operation
from posthouse.storage.spaces import SEARCH_MEMBER, SEARCH_SOURCE, SEARCH_STANDING
from tests.unit.core.search_house import FLAGGED, NOW, SEEN, UNSEEN, Dying, House, furnish, leftovers, sources


@pytest.fixture
def house(store: Store, loop: asyncio.AbstractEventLoop) -> House:
    loop.run_until_complete(furnish(store))
    return House(store)


async def test_a_log_that_was_cut_is_made_up_for(house: House) -> None:
    await house.put("INBOX", *"abcdef")
    folder = await house.define("Unread", UNSEEN)
    assert await house.uids(folder) == [1, 2, 3, 4, 5, 6]
    await house.flag("INBOX", 2, "add", SEEN)
    await house.flag("INBOX", 3, "add", FLAGGED)
    await house.put("INBOX", "g")
    await house.store.write(prune_changes, 1, 0, 1000)
    assert await house.shown(folder) == [(1, 0), (3, FLAGGED), (4, 0), (5, 0), (6, 0), (7, 0)]


@pytest.mark.parametrize("writes", range(1, 6))
async def test_who_dies_while_looking_leaves_the_rest_to_the_next(
    house: House, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "MESSAGES_AT_ONCE", 2)
    monkeypatch.setattr(pending, "MAILBOXES_AT_ONCE", 1)
    monkeypatch.setattr(refreshing, "WRITTEN_AT_ONCE", 1)
    await house.put("INBOX", *"abcde")
    folder = await house.define("All", All())
    dying: Any = Dying(house.store, writes)
    with pytest.raises(StoreUnavailable):
        await msgspec.structs.replace(house.refresher, store=dying).refresh(1, folder)
    await house.put("INBOX", "f")
    assert await house.uids(folder) == [1, 2, 3, 4, 5, 6]


async def test_two_workers_that_look_at_once_show_each_message_once(house: House) -> None:
    await house.put("INBOX", *"abcde")
    folder = await house.define("All", All())
    other = msgspec.structs.replace(house.refresher, turns=Turns())
    for _ in range(3):
        await asyncio.gather(*[one.refresh(1, folder) for one in (other, house.refresher, other, house.refresher)])
        assert len(set((await house.store.read(sources, folder)).values())) == len(await house.uids(folder))
        await house.put("INBOX", "f")
    assert await house.uids(folder) == [1, 2, 3, 4, 5, 6, 7, 8]


@operation
def damage(txn: WriteTransaction, delete: list[bytes], put: dict[str, bytes]) -> None:
    for key in delete:
        txn.delete(key)
    for text, value in put.items():
        txn.put(bytes.fromhex(text), value)


async def test_verify_finds_nothing_wrong_and_what_is_damaged_is_found_again(house: House) -> None:
    await house.put("INBOX", "one", "two", "three")
    folder = await house.define("Unread", UNSEEN, main="Archive")
    assert await house.uids(folder) == [1, 2, 3]
    await house.store.write(expunge, 1, await house.number("INBOX"), [(1, 1)], NOW)
    assert (await house.store.read(check_account, 1)).faults == []
    source = SEARCH_SOURCE.key(1, folder, 2)
    stray = SEARCH_MEMBER.key(1, 99, 1, 1)
    standing = SEARCH_STANDING.key(1, folder)
    await house.store.write(damage, [source], {stray.hex(): b"\0\0\0\1", standing.hex(): b"nothing"})
    faults = [fault.what for fault in await house.store.write(mend_account, 1, NOW)]
    assert "records of a search folder are there without it" in faults
    assert "its items and the messages that they show do not fit together" in faults
    assert "how far it has come cannot be read" in faults
    assert (await house.store.read(check_account, 1)).faults == []
    assert await house.uids(folder) == [4, 5, 6]
    assert (await house.store.read(check_account, 1)).faults == []


async def test_after_a_backup_was_brought_back_all_is_looked_at(house: House) -> None:
    await house.put("INBOX", "one", "two")
    folder = await house.define("Unread", UNSEEN)
    assert await house.uids(folder) == [1, 2]
    await house.flag("INBOX", 1, "add", SEEN)
    await house.store.write(renew_account, 1, NOW)
    assert await house.uids(folder) == [2]
    assert (await house.store.read(check_account, 1)).faults == []


async def test_an_account_is_erased_with_its_search_folders(house: House) -> None:
    await house.put("INBOX", "one")
    folder = await house.define("All", Younger(1_000_000))
    await house.shown(folder)
    while not await house.store.write(erase_some, 1, 100, NOW):
        pass
    assert await house.store.read(leftovers, folder) == 0
    assert await house.store.read(list_mailboxes, 1) == []
