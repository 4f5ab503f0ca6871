"""What is done in a search folder is done to the messages that it shows."""

from __future__ import annotations

import asyncio

import pytest

from posthouse.core.mail.criteria.keys import All, HasKeyword
from posthouse.core.mail.flagging import Flagged
from posthouse.core.mail.flags import FlagChange
from posthouse.core.mail.mailboxes import delete_mailbox, find_mailbox
from posthouse.core.mail.messages import copy, expunge
from posthouse.core.mail.search_folders import acting
from posthouse.core.mail.search_folders.errors import NoMainMailbox
from posthouse.storage.contract import Store
from posthouse.storage.item_bytes import EVERY
from tests.unit.core.search_house import DELETED, FLAGGED, NOW, SEEN, UNSEEN, House, furnish


@pytest.fixture
def house(store: Store, loop: asyncio.AbstractEventLoop) -> House:
    loop.run_until_complete(furnish(store))
    return House(store)


async def test_what_is_put_into_it_goes_to_its_main_mailbox(house: House) -> None:
    await house.define("Unread", UNSEEN)
    with pytest.raises(NoMainMailbox):
        await house.put("Unread", "one")
    await house.define("Unread", UNSEEN, main="Archive")
    await house.put("Unread", "one")
    assert (await house.store.read(find_mailbox, 1, "Archive")).exists == 1
    copied = await house.store.write(copy, 1, await house.number("Archive"), [(1, 1)], "Unread", NOW)
    assert (copied.main, copied.target) == (await house.number("Archive"), [(2, 2)])
    await house.store.write(delete_mailbox, 1, "Archive", NOW)
    with pytest.raises(NoMainMailbox):
        await house.put("Unread", "one")


async def test_flags_are_those_of_the_message(house: House) -> None:
    await house.put("INBOX", "one", keywords=("red",))
    await house.put("Sent", "two", keywords=("blue", "red"))
    folder = await house.define("Reds", HasKeyword("RED", True))
    await house.shown(folder)
    change = FlagChange("add", SEEN, ("green",))
    stored = await house.store.write(acting.store_flags, 1, folder, [(1, 2)], change, None)
    assert stored.keywords == ("red", "blue", "green")
    assert stored.rows == [Flagged(1, 1, SEEN, b"\5", stored.modseq), Flagged(2, 2, SEEN, b"\7", stored.modseq)]
    sent = await house.store.read(find_mailbox, 1, "Sent")
    assert (sent.unseen, sent.keywords) == (0, ("blue", "red", "green"))
    # what happened where the folder has not looked yet counts as a change, too
    await house.flag("Sent", 1, "add", FLAGGED)
    stored = await house.store.write(acting.store_flags, 1, folder, [(1, 2)], change, 2**40)
    assert stored.failed == [(2, 2)]
    drop = FlagChange("remove", 0, ("red",))
    await house.store.write(acting.store_flags, 1, folder, [(1, 1)], drop, None)
    assert await house.shown(folder) == [(2, SEEN | FLAGGED)]


async def test_expunging_removes_the_messages(house: House) -> None:
    await house.put("INBOX", "one", "two", "three", flags=DELETED)
    await house.put("Sent", "four", flags=DELETED)
    folder = await house.define("All", All())
    await house.shown(folder)
    await house.flag("INBOX", 3, "remove", DELETED)
    await house.store.write(expunge, 1, await house.number("INBOX"), [(2, 2)], NOW)
    gone = await house.store.write(acting.expunge, 1, folder, [EVERY], NOW)
    assert gone == [(1, 1), (4, 4)]
    assert await house.shown(folder) == [(3, 0)]
    assert (await house.store.read(find_mailbox, 1, "Sent")).exists == 0
