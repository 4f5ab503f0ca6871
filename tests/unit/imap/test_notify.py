"""NOTIFY where transcripts do not reach: a log that was cut, what a session costs, sessions that end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from posthouse.core.mail.mailboxes import create_mailbox
from posthouse.core.mail.messages import append
from posthouse.core.mail.settings import MailSettings
from posthouse.protocols.imap.settings import ImapSettings
from posthouse.protocols.imap.wire.commands.session import Notify
from posthouse.protocols.imap.wire.decoder import Decoder
from posthouse.protocols.imap.wire.events import Malformed
from posthouse.protocols.imap.wire.fetch import Attribute
from posthouse.protocols.imap.wire.notify import NO_EVENT, NotifyEvent, NotifyFilter, NotifyGroup
from posthouse.storage.changes import prune_changes
from posthouse.storage.contract import WriteTransaction, operation
from posthouse.storage.topics import account_topic
from tests.letters import letter
from tests.unit.imap.client import Client
from tests.unit.imap.world import NOW, World, open_world

MESSAGES = NotifyEvent.MessageNew | NotifyEvent.MessageExpunge
NEW = "(MessageNew MessageExpunge)"


@operation
def prune(txn: WriteTransaction, account: int) -> int:
    return prune_changes(txn, account, 0, 1_000_000)


async def deliver(world: World, name: str) -> None:
    await world.store.write(append, 1, name, [letter(b"Subject: one\r\n\r\n")], [(0, ())], [NOW], NOW)


async def connect(world: World) -> Client:
    client = world.connect()
    await client.greeting()
    await client.ok("LOGIN alice@example.org secret")
    return client


def listeners(world: World) -> int:
    bus: Any = world.contracts.bus
    return len(bus._listeners.get(account_topic(1), ()))


async def test_only_who_wants_to_hear_something_listens() -> None:
    world = await open_world()
    client = await connect(world)
    assert listeners(world) == 0
    await client.ok(f"NOTIFY SET (SELECTED {NEW})")
    assert listeners(world) == 1
    await client.ok(f"NOTIFY SET (MAILBOXES Trash {NEW})")
    assert listeners(world) == 1
    await client.ok("NOTIFY SET (SELECTED NONE) (PERSONAL NONE)")
    assert listeners(world) == 0
    await client.ok(f"NOTIFY SET (PERSONAL {NEW})")
    await client.transport.hang_up()
    assert listeners(world) == 0


async def test_a_refused_one_leaves_the_one_before() -> None:
    world = await open_world(notified_mailboxes=6)
    client = await connect(world)
    await client.ok(f"NOTIFY SET (MAILBOXES Trash {NEW})")
    answer, _ = await client.command(f"NOTIFY SET (MAILBOXES (a b c d e f g) {NEW})")
    assert answer.startswith(b"NO [NOTIFICATIONOVERFLOW]")
    await deliver(world, "Trash")
    assert (await client.line()).startswith(b"* STATUS Trash (MESSAGES 1 ")
    assert listeners(world) == 1


async def test_much_at_once_is_told_in_few_words() -> None:
    world = await open_world()
    client = await connect(world)
    await client.ok(f"NOTIFY SET (PERSONAL {NEW})")
    watch = next(iter(world.factory.connections)).session.watch  # type: ignore[attr-defined]  # an Endpoint's
    for _ in range(5):
        await deliver(world, "Trash")
    await world.store.write(create_mailbox, 1, "New", None, NOW, MailSettings())
    assert (await client.line()).startswith(b"* STATUS Trash (MESSAGES 5 UIDNEXT 6 ")
    # whoever was held up while the log was cut finds what is new all the same
    watch._modseq = 0
    await deliver(world, "Trash")
    await world.store.write(prune, 1)
    for _ in range(5):
        await asyncio.sleep(0)
    watch._modseq = 0
    watch._known.pop(max(watch._known))
    await deliver(world, "Sent")
    await world.store.write(prune, 1)
    told = [await client.line(), await client.line()]
    assert [line.split(b" (")[0] for line in told] == [b"* STATUS Trash", b"* STATUS Sent"]


async def test_where_others_did_something_too_the_peer_hears_of_all_of_it() -> None:
    world = await open_world()
    client = await connect(world)
    await client.ok(f"NOTIFY SET (PERSONAL {NEW})")
    watch = next(iter(world.factory.connections)).session.watch  # type: ignore[attr-defined]  # an Endpoint's
    known = next(one for one in watch._known.values() if one.name == "Trash")
    await deliver(world, "Trash")
    await client.line()
    await client.ok("NOOP")
    watch._known[known.place] = known  # as if the notice of that one had not come yet
    await client.ok("APPEND Trash {2+}\r\n\r\n")
    assert (await client.line()).startswith(b"* STATUS Trash (MESSAGES 2 UIDNEXT 3 ")
    await client.ok("APPEND Trash {2+}\r\n\r\n")
    await deliver(world, "Sent")
    assert (await client.line()).startswith(b"* STATUS Sent (MESSAGES 1 ")


def parse(line: bytes) -> object:
    decoder = Decoder(ImapSettings().wire)
    decoder.feed(line + b"\r\n")
    return decoder.next_event()


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (b"a NOTIFY NONE", Notify("a", ())),
        (
            b"a notify set status (selected (messagenew (flags) MESSAGEEXPUNGE))",
            Notify("a", (NotifyGroup(NotifyFilter.SELECTED, (), MESSAGES, (Attribute.UID, Attribute.FLAGS)),), True),
        ),
        (
            b"a NOTIFY SET (subtree (a &AOQ-) NONE) (mailboxes inbox (MailboxName)) (inboxes (SubscriptionChange))",
            Notify(
                "a",
                (
                    NotifyGroup(NotifyFilter.SUBTREE, ("a", "ä"), NO_EVENT),
                    NotifyGroup(NotifyFilter.MAILBOXES, ("INBOX",), NotifyEvent.MailboxName),
                    NotifyGroup(NotifyFilter.INBOXES, (), NotifyEvent.SubscriptionChange),
                ),
            ),
        ),
    ],
)
def test_it_is_read(line: bytes, command: Notify) -> None:
    assert parse(line) == command


@pytest.mark.parametrize(
    "line",
    [
        b"a NOTIFY",
        b"a NOTIFY SET STATUS",
        b"a NOTIFY SET ()",
        b"a NOTIFY SET (PERSONAL)",
        b"a NOTIFY SET (PERSONAL ())",
        b"a NOTIFY SET (SUBTREE (MailboxName))",
        b"a NOTIFY SET (MAILBOXES a b (MailboxName))",
        b"a NOTIFY SET (SELECTED (MessageNew (FROB) MessageExpunge))",
        b"a NOTIFY NONE NONE",
        b"a NOTIFY SET (PERSONAL NONE",
    ],
)
def test_what_makes_no_sense_is_refused(line: bytes) -> None:
    refused = parse(line)
    assert isinstance(refused, Malformed)
    assert refused.code is None
