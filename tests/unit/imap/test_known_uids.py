"""What a worker remembers of mailboxes: bounded, and right whatever happened since."""

from __future__ import annotations

from array import array

from posthouse.core.mail.flags import FlagChange
from posthouse.core.mail.messages import append, expunge, store_flags
from posthouse.protocols.imap.dialect import Dialect
from posthouse.protocols.imap.known_uids import KnownUids
from posthouse.protocols.imap.opening import open_view
from posthouse.protocols.imap.view import View
from posthouse.storage.changes import prune_changes
from posthouse.storage.contract import WriteTransaction, operation
from tests.letters import letter
from tests.unit.imap.test_view import Said
from tests.unit.imap.world import NOW, World, open_world


@operation
def prune(txn: WriteTransaction, account: int) -> int:
    return prune_changes(txn, account, 0, 1_000_000)


async def add(world: World, count: int) -> None:
    letters = [letter(b"Subject: one\r\n\r\n")] * count
    await world.store.write(append, 1, "INBOX", letters, [(0, ())] * count, [NOW] * count, NOW)


async def remove(world: World, first: int, last: int) -> None:
    await world.store.write(store_flags, 1, 1, [(first, last)], FlagChange("add", 8), None)
    await world.store.write(expunge, 1, 1, [(first, last)], NOW)


async def inbox_view(world: World, known: KnownUids) -> View:
    return await open_view(world.store, 1, "INBOX", Dialect(), read_only=True, known=known)


def test_so_many_are_kept_and_those_looked_at_last_stay() -> None:
    known = KnownUids(most=6, least=2)
    known.put(1, 1, 7, array("I", [1]))
    assert known.get(1, 1) is None, "too few to be worth it"
    for mailbox in (1, 2, 3):
        known.put(1, mailbox, 7, array("I", [1, 2]))
    assert known.get(1, 1) == (7, array("I", [1, 2]))
    known.put(1, 4, 7, array("I", [1, 2, 3]))
    assert [known.get(1, mailbox) is not None for mailbox in (1, 2, 3, 4)] == [True, False, False, True]
    known.put(1, 5, 7, array("I", range(7)))
    assert known.get(1, 5) is None, "more than all room"
    known.put(1, 4, 8, array("I", [3, 4, 5, 6]))
    assert known.get(1, 4) == (8, array("I", [3, 4, 5, 6]))


async def test_what_is_remembered_is_brought_up_to_date() -> None:
    world, known = await open_world(), KnownUids(least=0)
    await add(world, 10)
    first = await inbox_view(world, known)
    assert list(await first.uids()) == list(range(1, 11))
    await remove(world, 3, 4)
    await add(world, 2)
    second = await inbox_view(world, known)
    assert list(await second.numbering._recalled() or ()) == [1, 2, *range(5, 13)]
    # a view that was opened before does not take what is newer than itself
    first.let_go(0)
    known.put(1, 1, second.modseq, await second.uids())
    assert await first.numbering._recalled() is None
    assert list(await first.uids()) == list(range(1, 11))


async def test_what_a_peer_was_not_told_of_is_still_there() -> None:
    world, known = await open_world(), KnownUids(least=0)
    await add(world, 6)
    view = await inbox_view(world, known)
    await remove(world, 2, 3)
    await view.catch_up(Said(), expunges=False)
    other = await inbox_view(world, known)
    assert list(await other.uids()) == [1, 4, 5, 6]
    view.let_go(0)
    assert list(await view.numbering._recalled() or ()) == [1, 2, 3, 4, 5, 6]
    said = Said()
    await view.catch_up(said)
    assert said.lines() == [b"* 3 EXPUNGE", b"* 2 EXPUNGE"]


async def test_without_the_log_nothing_is_believed() -> None:
    world, known = await open_world(), KnownUids(least=0)
    await add(world, 3)
    await (await inbox_view(world, known)).uids()
    await remove(world, 2, 2)
    await world.store.write(prune, 1)
    view = await inbox_view(world, known)
    assert await view.numbering._recalled() is None
    assert list(await view.uids()) == [1, 3]
