"""Each command is allowed exactly when RFC 4314 4 says so, whatever set of rights somebody has."""

from __future__ import annotations

import random

import pytest

from posthouse.core.mail.flags import DELETED, SEEN, Flag
from posthouse.core.mail.mailboxes import create_mailbox, find_mailbox
from posthouse.core.mail.messages import append, rows
from posthouse.core.mail.settings import MailSettings
from posthouse.core.sharing.changing import share
from posthouse.core.sharing.rights import ALL, Right, parse_rights
from posthouse.core.sharing.settings import SharingSettings
from tests.letters import letter
from tests.unit.imap.client import Client
from tests.unit.imap.world import NOW, PASSWORD, World, open_world

ALICE, BOB = 1, 2
ABOVE = "Other Users/alice@example.org/Top"
NAME = f"{ABOVE}/Projects"
FLAGGED = int(Flag.FLAGGED)

SINGLE = list(Right)
CHANCE = random.Random(4314)
SETS = [Right(0), ALL, *SINGLE, *[ALL & ~right for right in SINGLE]]
SETS += [Right(CHANCE.getrandbits(11)) for _ in range(40)]


async def set_up(rights: Right) -> tuple[World, Client]:
    """Alice's Top/Projects with three messages, the last one deleted; Bob's INBOX with one."""
    world = await open_world()
    store = world.store
    made = await store.write(create_mailbox, ALICE, "Top/Projects", None, NOW, MailSettings())
    letters = [letter(b"Subject: %d\r\n\r\nx\r\n" % number) for number in range(3)]
    flags: list[tuple[int, tuple[str, ...]]] = [(0, ()), (0, ()), (DELETED, ())]
    await store.write(append, ALICE, "Top/Projects", letters, flags, [NOW] * 3, NOW)
    await store.write(append, BOB, "INBOX", letters[:1], [(SEEN | DELETED | FLAGGED, ("$Junk",))], [NOW], NOW)
    above = await store.read(find_mailbox, ALICE, "Top")
    settings = SharingSettings()
    await store.write(share, ALICE, above.id, "bob@example.org", "set", int(parse_rights("lk")), settings)
    # somebody else, so that the list is Projects' own even where Bob has nothing
    await store.write(share, ALICE, made.id, "anyone", "set", 0, settings)
    await store.write(share, ALICE, made.id, "bob@example.org", "set", int(rights), settings)
    client = world.connect()
    await client.greeting()
    await client.ok(f"LOGIN bob@example.org {PASSWORD}")
    return world, client


async def flags_of(world: World, uid: int) -> tuple[int, int] | None:
    """(system flags, how many keywords) of a message in Projects."""
    mailbox = await world.store.read(find_mailbox, ALICE, "Top/Projects")
    found = await world.store.read(rows, ALICE, mailbox.id, uid, uid, 1, 0)
    return (found[0].flags, found[0].keywords.bit_count()) if found else None


async def check(client: Client, rights: Right, needed: Right, command: str, *, absent: bytes = b"NONEXISTENT") -> bool:
    """The command is done when all of `needed` is there; else it says no more than it may. True when it was done."""
    answer, _ = await client.command(command)
    if needed & ~rights:
        code = b"NOPERM" if rights & Right.LOOKUP else absent
        assert answer.startswith(b"NO [%b]" % code), (rights, command, answer)
        return False
    assert answer.startswith(b"OK"), (rights, command, answer)
    return True


@pytest.mark.parametrize("rights", SETS, ids=lambda rights: str(int(rights)))
async def test_commands_by_name(rights: Right) -> None:
    world, client = await set_up(rights)
    listed = await client.ok(f'LIST "" "{NAME}"')
    assert bool(listed) == bool(rights & Right.LOOKUP)
    await check(client, rights, Right.READ, f'STATUS "{NAME}" (MESSAGES)')
    await check(client, rights, Right.READ, f'EXAMINE "{NAME}"')
    await check(client, rights, Right.READ, f'GETQUOTAROOT "{NAME}"')
    await check(client, rights, Right.LOOKUP, f'SUBSCRIBE "{NAME}"')
    # RFC 5464 3.3: any of these will do
    touching = next((one for one in parse_rights("rswip") if one & rights), Right.READ)
    await check(client, rights, Right.LOOKUP | touching, f'GETMETADATA "{NAME}" /shared/comment')
    await check(client, rights, Right.LOOKUP | touching, f'SETMETADATA "{NAME}" (/private/comment "x")')
    await check(client, rights, Right.LOOKUP | Right.WRITE, f'SETMETADATA "{NAME}" (/shared/comment "x")')
    await check(client, rights, Right.ADMINISTER, f'GETACL "{NAME}"')
    await check(client, rights, Right.ADMINISTER, f'LISTRIGHTS "{NAME}" anyone')
    answer, _ = await client.command(f'MYRIGHTS "{NAME}"')
    assert answer.startswith(b"OK") == bool(rights & parse_rights("lrikxa")), (rights, answer)
    if await check(
        client,
        rights,
        Right.INSERT,
        f'APPEND "{NAME}" (\\Seen \\Deleted \\Flagged $x) {{1+}}\r\nx',
        absent=b"TRYCREATE",
    ):
        assert await flags_of(world, 4) == expected_flags(rights)
    await client.ok("SELECT INBOX")
    if await check(client, rights, Right.INSERT, f'COPY 1 "{NAME}"', absent=b"TRYCREATE"):
        assert await flags_of(world, 5) == expected_flags(rights)
    await check(client, rights, Right.CREATE, f'CREATE "{NAME}/Sub"')
    if await check(client, rights, Right.REMOVE, f'RENAME "{NAME}" "{ABOVE}/Other"'):
        await client.ok(f'RENAME "{ABOVE}/Other" "{NAME}"')
    if rights & Right.CREATE and rights & Right.REMOVE:
        await client.ok(f'DELETE "{NAME}/Sub"')
    if not rights & Right.CREATE or rights & Right.REMOVE:
        await check(client, rights, Right.REMOVE, f'DELETE "{NAME}"')


@pytest.mark.parametrize("rights", SETS, ids=lambda rights: str(int(rights)))
async def test_commands_on_the_open_mailbox(rights: Right) -> None:
    world, client = await set_up(rights)
    if not await check(client, rights, Right.READ, f'SELECT "{NAME}"'):
        return
    known = rights | Right.LOOKUP  # who has it open knows of it
    writes = bool(rights & parse_rights("iswte"))
    for flag, needed in (("\\Flagged", Right.WRITE), ("$Junk", Right.WRITE), ("\\Deleted", Right.DELETE)):
        before = await flags_of(world, 1)
        answer, _ = await client.command(f"STORE 1 +FLAGS ({flag})")
        assert answer.startswith(b"OK") == bool(rights & needed), (rights, flag, answer)
        assert (await flags_of(world, 1) == before) != bool(rights & needed)
    await client.ok("FETCH 2 BODY[]")
    assert (await flags_of(world, 2) == (SEEN, 0)) == bool(rights & Right.SEEN)
    answer, _ = await client.command("STORE 1 +FLAGS (\\Seen)")
    assert answer.startswith(b"OK") == bool(rights & Right.SEEN)
    await client.ok("COPY 2 INBOX")
    answer, _ = await client.command("MOVE 2 INBOX")
    moved = not parse_rights("te") & ~rights
    assert answer.startswith(b"OK") == moved, (rights, answer)
    assert (await flags_of(world, 2) is None) == moved
    if writes:
        await check(client, known, Right.EXPUNGE, "EXPUNGE")
    assert (await flags_of(world, 3) is None) == bool(rights & Right.EXPUNGE)
    await client.ok("CLOSE")


@pytest.mark.parametrize("rights", [*SINGLE, ALL & ~Right.EXPUNGE, ALL])
async def test_close_expunges_for_whom_may(rights: Right) -> None:
    world, client = await set_up(rights | Right.READ)
    await client.ok(f'SELECT "{NAME}"')
    await client.ok("CLOSE")
    assert (await flags_of(world, 3) is None) == bool(rights & Right.EXPUNGE)


@pytest.mark.parametrize("command", ["SETACL {} anyone lr", "DELETEACL {} anyone"])
@pytest.mark.parametrize("rights", SETS[:30], ids=lambda rights: str(int(rights)))
async def test_who_may_change_the_list(rights: Right, command: str) -> None:
    _, client = await set_up(rights)
    await check(client, rights, Right.ADMINISTER, command.format(f'"{NAME}"'))


def expected_flags(rights: Right) -> tuple[int, int]:
    """What is left of \\Seen \\Deleted \\Flagged and a keyword; RFC 4314 4."""
    flags = SEEN if rights & Right.SEEN else 0
    flags |= DELETED if rights & Right.DELETE else 0
    flags |= FLAGGED if rights & Right.WRITE else 0
    return flags, 1 if rights & Right.WRITE else 0
