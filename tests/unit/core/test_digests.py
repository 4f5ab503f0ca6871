"""Digests against the records that they are made of: blocks whole and thin, messages gone, octets damaged."""

from __future__ import annotations

import random
from array import array

import pytest

from posthouse.core.mail.digests import reading
from posthouse.core.mail.digests.blocks import forget_digests, stored_blocks
from posthouse.core.mail.digests.facets import Facet, decoded, encoded
from posthouse.core.mail.digests.reading import Digests
from posthouse.core.mail.flags import FlagChange
from posthouse.core.mail.mailboxes import create_mailbox, delete_mailbox, find_mailbox
from posthouse.core.mail.messages import Column, append, expunge, open_view, rows, store_flags
from posthouse.core.mail.settings import MailSettings
from posthouse.core.maintenance.account import check_account, mend_account
from posthouse.storage.contract import WriteTransaction, operation
from posthouse.storage.spaces import DIGEST
from tests.letters import letter
from tests.unit.imap.world import NOW, World, open_world

DELETED = 8
NAMES = ("Ann Bee <ann@example.org>", "jörg@example.org", "=?utf-8?q?J=C3=B6rg?= <j@x>", "team: a@b;", "")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 16 UIDs."""
    monkeypatch.setattr(reading, "BLOCK_BITS", 4)
    monkeypatch.setattr(reading, "LEAST", 4)
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", 5)
    monkeypatch.setattr(reading, "BLOCKS_AT_ONCE", 2)


def octets(number: int, choice: random.Random) -> bytes:
    return (
        f"From: {choice.choice(NAMES)}\r\nTo: {choice.choice(NAMES)}\r\nCc: {choice.choice(NAMES)}\r\n"
        f"Subject: {choice.choice(['', 'Re: ', 'FW: '])}Straße {number % 7}\r\nMessage-ID: <{number}@x>\r\n"
        f"References: {' '.join(f'<{n}@x>' for n in range(number - number % 3, number))}\r\n"
        + (f"Date: Mon, 23 Nov 2026 10:{number % 60:02}:00 +0000\r\n" if number % 4 else "")
        + f"\r\n{'x' * number}"
    ).encode()


@operation
def forget_all(txn: WriteTransaction) -> None:
    forget_digests(txn, 1)


async def filled(count: int, name: str = "INBOX") -> World:
    world = await open_world()
    choice = random.Random(count)
    if name != "INBOX":
        await world.store.write(create_mailbox, 1, name, None, NOW, MailSettings())
    letters = [letter(octets(number, choice)) for number in range(count)]
    times = [NOW + choice.randrange(1000) for _ in letters]
    await world.store.write(append, 1, name, letters, [(0, ())] * count, times, NOW)
    return world


async def remove(world: World, uids: list[int]) -> None:
    ranges = [(uid, uid) for uid in uids]
    await world.store.write(store_flags, 1, 1, ranges, FlagChange("add", DELETED), None)
    await world.store.write(expunge, 1, 1, ranges, NOW)


async def opened(world: World) -> tuple[Digests, array[int]]:
    view = await world.store.read(open_view, 1, 1)
    uids = array("I", view.uids)
    return Digests(world.store, 1, 1, uids, view.mailbox.uid_next), uids


async def check(world: World) -> None:
    """Every facet of every message is what its record says, whatever part of the mailbox is asked for."""
    digests, uids = await opened(world)
    found = await world.store.read(rows, 1, 1, 1, 0xFFFFFFFF, 1000, Column.RECORD)
    count = len(uids)
    for positions in ([(0, count)], [(0, count // 2)], [(count // 3, count // 3 + 3), (count - 2, count)]):
        for facet in Facet:
            right = list(decoded(facet, encoded(facet, found), len(found)))
            values = {}
            async for page in digests.pages([Facet.SUBJECT, facet], positions):
                assert list(page.positions) == sorted(page.positions)
                assert not values or page.positions[0] > max(values)
                values |= dict(zip(page.positions, page.values(facet), strict=True))
            assert all(values[at] == right[at] for at in values)
            assert {at for start, stop in positions for at in range(start, stop)} <= set(values)
        lines = decoded(Facet.FROM, encoded(Facet.FROM, found), len(found))
        for text in ("JO", "ANN", "@", "NOBODY"):
            async for page in digests.pages([Facet.FROM], positions):
                assert page.containing(Facet.FROM, text.encode()) == bytes([text in lines[at] for at in page.positions])


async def blocks(world: World) -> list[int]:
    return await world.store.read(stored_blocks, 1, 1, int(Facet.UIDS))


async def test_blocks_are_made_when_they_are_whole() -> None:
    world = await filled(40)
    await check(world)
    assert await blocks(world) == [0, 1]
    await check(world)


async def test_messages_that_went_are_passed_over() -> None:
    world = await filled(70)
    await check(world)
    await remove(world, [1, 5, 20, 21, 22, 40, *range(49, 63)])
    await check(world)
    assert await blocks(world) == [0, 1, 2], "a block of which little is left is forgotten"


async def test_a_digest_of_other_messages_is_made_anew() -> None:
    @operation
    def mix_up(txn: WriteTransaction) -> None:
        for facet in Facet:
            octets = [txn.get(DIGEST.key(1, 1, facet, block)) or b"" for block in (0, 1)]
            for block in (0, 1):
                txn.put(DIGEST.key(1, 1, facet, block), octets[1 - block])

    world = await filled(40)
    await check(world)
    await world.store.write(mix_up)
    await check(world)


async def test_a_reader_who_has_not_heard_who_went_is_answered() -> None:
    world = await filled(40)
    await check(world)
    digests, _ = await opened(world)
    await remove(world, [3, 4])
    await world.store.write(forget_all)
    for _ in range(2):
        found = [at async for page in digests.pages([Facet.SENT], [(0, 40)]) for at in page.positions]
        assert found == [0, 1, *range(4, 40)]


async def test_damaged_digests_are_made_anew() -> None:
    @operation
    def damage(txn: WriteTransaction, facet: int, octets: bytes) -> None:
        txn.put(DIGEST.key(1, 1, facet, 0), octets)

    for facet in Facet:
        world = await filled(20)
        await check(world)
        await world.store.write(damage, int(facet), b"\x00\x01\x02\x03\x04")
        await check(world)


async def test_digests_go_with_their_mailbox() -> None:
    world = await filled(20, "Work")
    mailbox = await world.store.read(find_mailbox, 1, "Work")
    view = await world.store.read(open_view, 1, mailbox.id)
    digests = Digests(world.store, 1, mailbox.id, array("I", view.uids), 21)
    async for _ in digests.pages([Facet.SENT], [(0, 20)]):
        pass
    assert await world.store.read(stored_blocks, 1, mailbox.id, int(Facet.SENT)) == [0]
    await world.store.write(delete_mailbox, 1, "Work", NOW)
    assert await world.store.read(stored_blocks, 1, mailbox.id, int(Facet.SENT)) == []
    # a reader that was under way brings nothing back
    async for _ in digests.pages([Facet.SENT], [(0, 20)]):
        pass
    assert await world.store.read(stored_blocks, 1, mailbox.id, int(Facet.SENT)) == []


async def test_verify_knows_a_digest_without_a_mailbox() -> None:
    @operation
    def lose(txn: WriteTransaction) -> None:
        txn.put(DIGEST.key(1, 77, 0, 0), b"")

    world = await filled(3)
    assert not (await world.store.read(check_account, 1)).faults
    await world.store.write(lose)
    faults = (await world.store.read(check_account, 1)).faults
    assert [fault.what for fault in faults] == ["a digest is there without it"]
    await world.store.write(mend_account, 1, NOW)
    assert not (await world.store.read(check_account, 1)).faults
