"""The view where transcripts do not reach: UIDs read late, a change log cut short, large mailboxes."""

from __future__ import annotations

import pytest

from posthouse.core.mail.flags import FlagChange
from posthouse.core.mail.mailboxes import delete_mailbox
from posthouse.core.mail.messages import append, expunge, store_flags
from posthouse.protocols.imap.dialect import Dialect
from posthouse.protocols.imap.errors import ViewLost
from posthouse.protocols.imap.opening import open_view
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.sequence import SequenceSet
from posthouse.storage.changes import prune_changes
from posthouse.storage.contract import WriteTransaction, operation
from tests.letters import letter
from tests.unit.imap.world import NOW, World, open_world

FLAGGED, DELETED = 4, 8
MESSAGE = b"Subject: one\r\n\r\ntext\r\n"


@operation
def prune(txn: WriteTransaction, account: int) -> int:
    return prune_changes(txn, account, 0, 1000)


class Said:
    """What a view told."""

    def __init__(self) -> None:
        self.octets = b""

    def write(self, octets: bytes) -> None:
        self.octets += octets

    async def drain(self) -> None:
        pass

    def lines(self) -> list[bytes]:
        lines, self.octets = self.octets.splitlines(), b""
        return lines


async def add(world: World, count: int) -> None:
    letters = [letter(MESSAGE)] * count
    await world.store.write(append, 1, "INBOX", letters, [(0, ())] * count, [NOW] * count, NOW)


async def change(world: World, first: int, last: int, flags: int) -> None:
    await world.store.write(store_flags, 1, 1, [(first, last)], FlagChange("add", flags), None)


async def remove(world: World, first: int, last: int) -> None:
    await change(world, first, last, DELETED)
    await world.store.write(expunge, 1, 1, [(first, last)], NOW)


async def inbox_view(world: World) -> View:
    return await open_view(world.store, 1, "INBOX", Dialect(), read_only=False)


async def test_uids_that_are_read_late_are_those_of_then() -> None:
    world = await open_world()
    await add(world, 6)
    view = await inbox_view(world)
    await remove(world, 2, 3)
    await add(world, 2)
    await remove(world, 7, 7)
    assert list(await view.uids()) == [1, 2, 3, 4, 5, 6]
    said = Said()
    await view.catch_up(said, expunges=False)
    assert said.lines() == [b"* 7 EXISTS", b"* 1 RECENT"] or said.lines() == []
    view.let_go(0)
    assert list(await view.uids()) == [1, 2, 3, 4, 5, 6, 8]
    await view.catch_up(said)
    assert said.lines() == [b"* 3 EXPUNGE", b"* 2 EXPUNGE"]
    assert list(await view.uids()) == [1, 4, 5, 6, 8]
    view.let_go(0)
    assert list(await view.uids()) == [1, 4, 5, 6, 8]


async def test_nothing_is_told_twice() -> None:
    world = await open_world()
    await add(world, 3)
    view, said = await inbox_view(world), Said()
    await change(world, 2, 2, FLAGGED)
    await view.catch_up(said)
    assert said.lines() == [b"* 2 FETCH (UID 2 FLAGS (\\Flagged \\Recent))"]
    await view.catch_up(said)
    assert said.lines() == []


async def test_a_log_cut_short_is_made_up_for() -> None:
    world = await open_world()
    await add(world, 4)
    view, said = await inbox_view(world), Said()
    await view.uids()
    await remove(world, 1, 1)
    await change(world, 3, 3, FLAGGED)
    await add(world, 1)
    await world.store.write(prune, 1)
    await view.catch_up(said)
    lines = said.lines()
    assert b"* 3 FETCH (UID 3 FLAGS (\\Flagged \\Recent))" in lines
    assert lines[-2:] == [b"* 1 EXPUNGE", b"* 4 EXISTS"]
    assert list(await view.uids()) == [2, 3, 4, 5]
    await view.catch_up(said)
    assert said.lines() == []


async def test_a_log_cut_short_without_uids_ends_the_session() -> None:
    world = await open_world()
    await add(world, 4)
    view = await inbox_view(world)
    await remove(world, 1, 1)
    await world.store.write(prune, 1)
    with pytest.raises(ViewLost):
        await view.catch_up(Said())


async def test_a_deleted_mailbox_ends_the_session() -> None:
    world = await open_world()
    view = await open_view(world.store, 1, "Trash", Dialect(), read_only=False)
    await world.store.write(delete_mailbox, 1, "Trash", NOW)
    with pytest.raises(ViewLost):
        await view.catch_up(Said())


async def test_a_view_of_another_mailbox_hears_nothing() -> None:
    world = await open_world()
    view, said = await open_view(world.store, 1, "Trash", Dialect(), read_only=False), Said()
    await add(world, 3)
    await world.store.write(prune, 1)
    # the log no longer reaches back to when this mailbox changed, only to when it was looked at
    await view.catch_up(said)
    assert said.lines() == []


async def test_ranges_of_uids_name_no_other_message() -> None:
    world = await open_world()
    await add(world, 9)
    await remove(world, 4, 6)
    view = await inbox_view(world)
    assert await view.uid_ranges(SequenceSet(((1, 2), (4, 0))), uid=False) == [(1, 2), (7, 9)]
    assert await view.uid_ranges(SequenceSet(((3, 7),)), uid=True) == [(3, 7)]
    assert await view.uid_ranges(SequenceSet(((4, 6),)), uid=True) == []
    assert view.positions_of([1, 3, 9]) == [0, 2, 5]
    assert list(view.positions_of([2, 3, 7])) == [1, 2, 3]
