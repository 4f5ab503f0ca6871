"""Whole messages in bulk: those in memory and those in files, side by side, with and without items before them."""

from __future__ import annotations

import random

import pytest

from posthouse.protocols.imap.commands.fetch import bodies, command
from posthouse.storage.spaces import BLOB, ITEM, MESSAGE
from tests.unit.imap.test_session import logged_in
from tests.unit.imap.world import World, open_world

INLINE = 1000
SMALL = [0, 10]  # in memory
MIXED = [*SMALL, INLINE * 3]


async def filled(seed: int, sizes: list[int]) -> tuple[World, list[bytes]]:
    print(f"seed {seed}")
    chance = random.Random(seed)
    world = await open_world(inline_octets=INLINE)
    client = await logged_in(world)
    letters = []
    for number in range(30):
        body = chance.randbytes(chance.choice(sizes)).replace(b"\r", b"").replace(b"\n", b"")
        letters.append(b"Subject: %d\r\n\r\n%b" % (number, body))
        await client.ok(b"APPEND INBOX ~{%d+}\r\n%b" % (len(letters[-1]), letters[-1]))
    return world, letters


@pytest.mark.parametrize("gathered", [1_000_000, 100])
@pytest.mark.parametrize("sizes", [SMALL, MIXED])
@pytest.mark.parametrize("items", ["", "UID FLAGS "])
async def test_each_is_there_as_a_literal_may_carry_it(
    items: str, sizes: list[int], gathered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "GATHERED_OCTETS", gathered)
    monkeypatch.setattr(bodies, "GATHERED_OCTETS", gathered)
    world, letters = await filled(random.randrange(1 << 32), sizes)
    client = await logged_in(world)
    await client.ok("SELECT INBOX")
    before = [rb"UID %d FLAGS (\Recent) " % n if items else b"" for n in range(1, 31)]
    assert await client.ok(f"FETCH 1:* ({items}BODY.PEEK[])") == [
        b"* %d FETCH (%bBODY[] {%d}\r\n%b)" % (n, said, len(letter), letter.replace(b"\0", b"\x80"))
        for n, (said, letter) in enumerate(zip(before, letters, strict=True), 1)
    ]


async def test_reading_marks_those_that_were_unseen() -> None:
    world, letters = await filled(random.randrange(1 << 32), MIXED)
    client = await logged_in(world)
    await client.ok("SELECT INBOX")
    await client.ok(r"STORE 1:15 +FLAGS.SILENT (\Seen)")
    for number, response in enumerate(await client.ok("FETCH 1:* BODY[]"), 1):
        changed = b"" if number <= 15 else rb"FLAGS (\Seen \Recent) "
        octets = letters[number - 1].replace(b"\0", b"\x80")
        assert response == b"* %d FETCH (%bBODY[] {%d}\r\n%b)" % (number, changed, len(octets), octets)


def test_many_keys_are_the_keys_of_each() -> None:
    assert ITEM.keys(1, 2, last=[3, 4, 70_000]) == [ITEM.key(1, 2, uid) for uid in (3, 4, 70_000)]
    assert MESSAGE.keys(1, last=[]) == []
    assert BLOB.keys(last=[b"x" * 32]) == [BLOB.key(b"x" * 32)]
