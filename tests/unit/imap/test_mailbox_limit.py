"""`mail.mailboxes`, `mail.name_octets`, `mail.levels`: whoever makes a mailbox by IMAP keeps to the settings."""

from __future__ import annotations

import msgspec

from posthouse.core.mail.mailboxes import list_mailboxes
from posthouse.core.mail.settings import MailSettings
from posthouse.protocols.imap.endpoint import imap_factory
from tests.unit.imap.world import open_world


async def test_every_way_to_a_mailbox_keeps_to_the_limit() -> None:
    world = await open_world()
    held = len(await world.store.read(list_mailboxes, 1))
    world.contracts = msgspec.structs.replace(world.contracts, mail=MailSettings(mailboxes=10))
    world.factory = imap_factory(world.contracts, None)
    client = world.connect()
    await client.greeting()
    await client.ok("LOGIN alice@example.org secret")
    for number in range(10 - held):
        await client.ok(f"CREATE m{number}")
    for command in (
        "CREATE more",
        "CREATE m0/more",
        "RENAME INBOX old",
        "RENAME m0 above/m0",
    ):
        answer, _ = await client.command(command)
        assert answer.startswith(b"NO [LIMIT]"), command
    await client.ok("RENAME m0 m1/m0")
    await client.ok('SETMETADATA m2 (/private/vendor/posthouse/search "UNSEEN")')  # it takes the mailbox's place
    assert len(await world.store.read(list_mailboxes, 1)) == 10


async def test_names_keep_to_their_limits() -> None:
    world = await open_world()
    world.contracts = msgspec.structs.replace(world.contracts, mail=MailSettings(name_octets=100, levels=2))
    world.factory = imap_factory(world.contracts, None)
    client = world.connect()
    await client.greeting()
    await client.ok("LOGIN alice@example.org secret")
    await client.ok(f"CREATE {'n' * 100}")
    await client.ok("CREATE a/b")
    for command in (
        f"CREATE {'n' * 101}",
        "CREATE a/b/c",
        f"RENAME a {'m' * 99}",
        "RENAME a c/a",
        "RENAME INBOX a/b/c",
    ):
        answer, _ = await client.command(command)
        assert answer.startswith(b"NO [CANNOT]"), command
