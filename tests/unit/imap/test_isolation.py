"""What is not shared with somebody is, to him, not there: each command answers as for a name that nobody has."""

from __future__ import annotations

import pytest

from posthouse.core.mail.mailboxes import create_mailbox, find_mailbox
from posthouse.core.mail.messages import append
from posthouse.core.mail.settings import MailSettings
from posthouse.core.sharing.changing import share
from posthouse.core.sharing.settings import SharingSettings
from tests.letters import letter
from tests.transcripts.imap.stage import enlarge
from tests.unit.imap.client import Client
from tests.unit.imap.world import NOW, PASSWORD, World, open_world

ALICE, GROUP = 1, 5  # the account of the group's folders

HERE = SharingSettings()
THERE = [
    "Other Users/alice@example.org/Secret",
    "Other Users/alice@example.org/INBOX",
    "Shared/sales@example.org/Plans",
]
NOT_THERE = [
    "Other Users/alice@example.org/Nothing",
    "Other Users/nobody@example.org/INBOX",
    "Other Users/sales@example.org/Plans",
    "Other Users/nobody@nowhere.example/INBOX",
    "Other Users/@/INBOX",
    "Shared/nobody@example.org/Plans",
    "Shared/alice@example.org/Secret",
    "Shared/sales@example.org/Nothing",
]
COMMANDS = [
    "SELECT {}",
    "EXAMINE {}",
    "STATUS {} (MESSAGES UIDNEXT)",
    'LIST "" {}',
    'LIST "" {} RETURN (STATUS (MESSAGES) MYRIGHTS METADATA (/shared/comment))',
    'LIST (SUBSCRIBED RECURSIVEMATCH) "" {}',
    'LSUB "" {}',
    "SUBSCRIBE {}",
    "UNSUBSCRIBE {}",
    "CREATE {}",
    "CREATE {}/Sub",
    "DELETE {}",
    "RENAME {} New",
    "RENAME INBOX {}",
    "GETACL {}",
    "SETACL {} anyone lr",
    "DELETEACL {} anyone",
    "LISTRIGHTS {} anyone",
    "MYRIGHTS {}",
    "GETQUOTAROOT {}",
    "GETMETADATA {} /shared/comment",
    'SETMETADATA {} (/private/comment "x")',
    "APPEND {} {{1+}}\r\nx",
    "COPY 1 {}",
    "MOVE 1 {}",
    "REPLACE 1 {} {{1+}}\r\nx",
]


async def set_up(sharing: SharingSettings = HERE) -> World:
    world = await open_world(sharing=sharing)
    await enlarge(world)
    store = world.store
    await store.write(create_mailbox, ALICE, "Secret", None, NOW, MailSettings())
    await store.write(create_mailbox, GROUP, "Plans", None, NOW, MailSettings())
    for account, name in ((ALICE, "Secret"), (3, "INBOX"), (4, "INBOX")):
        await store.write(append, account, name, [letter(b"Subject: x\r\n\r\n")], [(0, ())], [NOW], NOW)
    # a list that names others must not show either
    secret = await store.read(find_mailbox, ALICE, "Secret")
    await store.write(share, ALICE, secret.id, "bob@example.org", "set", 2047, SharingSettings())
    return world


async def said(client: Client, command: str, name: str) -> list[bytes]:
    """All that the server says, the name left out."""
    answer, untagged = await client.command(command.format(f'"{name}"'))
    return [line.replace(name.encode(), b"NAME") for line in (answer, *untagged)]


@pytest.mark.parametrize("who", ["dora@example.org", "carol@example.com"])
@pytest.mark.parametrize("command", COMMANDS)
async def test_commands_say_nothing_of_what_is_there(who: str, command: str) -> None:
    world = await set_up()
    client = world.connect()
    await client.greeting()
    await client.ok(f"LOGIN {who} {PASSWORD}")
    await client.ok("SELECT INBOX")
    answers = {}
    for name in [*THERE, *NOT_THERE]:
        answers[name] = await said(client, command, name)
        if command.startswith(("SELECT", "EXAMINE")):
            await client.ok("SELECT INBOX")  # so that each begins alike
    assert len({tuple(answer) for answer in answers.values()}) == 1, answers


@pytest.mark.parametrize("who", ["dora@example.org", "carol@example.com"])
async def test_whom_one_may_share_with_says_nothing_of_other_domains(who: str) -> None:
    world = await set_up()
    client = world.connect()
    await client.greeting()
    await client.ok(f"LOGIN {who} {PASSWORD}")
    other = "alice@example.org" if who == "carol@example.com" else "carol@example.com"
    for command in ("SETACL INBOX {} lr", "DELETEACL INBOX {}", "LISTRIGHTS INBOX {}"):
        nobody = "nobody@" + other.partition("@")[2]
        assert await said(client, command, other) == await said(client, command, nobody)


async def test_nothing_reaches_another_domain() -> None:
    world = await set_up()
    store = world.store
    secret = await store.read(find_mailbox, ALICE, "Secret")
    await store.write(share, ALICE, secret.id, "anyone", "set", 2047, SharingSettings())
    # given while sharing reached further
    await store.write(share, ALICE, secret.id, "carol@example.com", "set", 2047, SharingSettings(reach="server"))
    for who, sees in (("carol@example.com", False), ("dora@example.org", True)):
        client = world.connect()
        await client.greeting()
        await client.ok(f"LOGIN {who} {PASSWORD}")
        assert bool(await client.ok('LIST "" "Other Users/*"')) == sees
        answer, _ = await client.command('SELECT "Other Users/alice@example.org/Secret"')
        assert answer.startswith(b"OK") == sees


async def test_where_sharing_reaches_all_of_the_server() -> None:
    reach = SharingSettings(reach="server")
    world = await set_up(reach)
    secret = await world.store.read(find_mailbox, ALICE, "Secret")
    await world.store.write(share, ALICE, secret.id, "anyone", "set", 3, reach)
    client = world.connect()
    await client.greeting()
    await client.ok(f"LOGIN carol@example.com {PASSWORD}")
    assert await client.ok('LIST "" "Other Users/*/*"') == [
        b'* LIST (\\HasNoChildren) "/" "Other Users/alice@example.org/Secret"'
    ]
    await client.ok('EXAMINE "Other Users/alice@example.org/Secret"')
