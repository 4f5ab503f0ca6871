"""What goes into the queue: users' mail to other servers, held mail, reports that are owed."""

from __future__ import annotations

import base64

import pytest

from posthouse.core.accounts.aliases import add_alias
from posthouse.core.accounts.groups import GroupChange, set_up_group
from posthouse.core.accounts.rewriting import ensure_srs_secret
from posthouse.core.accounts.sending import sent_today
from posthouse.core.queue.numbers import read_number
from posthouse.core.queue.records import OWN, QueuedMessage, QueuedRecipient, read_message, read_recipients
from posthouse.core.queue.settings import QueueSettings
from posthouse.core.queue.telling import REPORT
from posthouse.storage.contract import ReadTransaction, query
from posthouse.storage.jobs import list_jobs
from posthouse.storage.spaces import QUEUED
from tests.unit.imap.world import NOW
from tests.unit.smtp.world import ALICE, BOB, ROOM, Client, World, open_world

PLAIN = base64.b64encode(b"\0alice@example.org\0secret").decode()
SMALL = "Date: Mon, 21 Sep 2026 14:13:20 +0000\r\nMessage-ID: <1@x.example>\r\nSubject: hello\r\n\r\nhello\r\n"


@query
def queued(txn: ReadTransaction, message: int) -> tuple[QueuedMessage | None, list[QueuedRecipient]]:
    return read_message(txn, message), list(read_recipients(txn, message).values())


@query
def count_queued(txn: ReadTransaction) -> int:
    return sum(1 for _ in txn.scan(*QUEUED.range()))


@query
def reports(txn: ReadTransaction) -> int:
    """How many senders are to be told something."""
    return sum(job.kind == REPORT for job in list_jobs(txn, 0, 100))


async def login(world: World) -> Client:
    """A client of Alice's."""
    client = Client(world, "127.0.0.1")
    await client.reply()
    await client.say("EHLO laptop")
    assert (await client.say(f"AUTH PLAIN {PLAIN}")).startswith("235 ")
    return client


async def submit(client: Client, mail: str, *rcpts: str, message: str = SMALL) -> str:
    """One transaction; the last reply."""
    assert (await client.say(f"MAIL FROM:{mail}")).startswith("250 ")
    for rcpt in rcpts:
        assert (await client.say(f"RCPT TO:{rcpt}")).startswith("250 ")
    assert (await client.say("DATA")).startswith("354 ")
    return await client.say(message + ".")


async def look(world: World, reply: str) -> tuple[QueuedMessage, list[QueuedRecipient]]:
    """What is queued under the number that a reply told."""
    assert reply.startswith("250 "), reply
    message, recipients = await world.store.read(queued, read_number(reply.rsplit(maxsplit=1)[-1]))
    assert message is not None
    return message, recipients


async def test_a_users_mail_to_other_servers() -> None:
    world = await open_world("submission")
    reply = await submit(
        await login(world),
        "<alice@example.org> RET=HDRS ENVID=a+20b MT-PRIORITY=3 BY=600;RT",
        "<Ann@Example.NET> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;ann+2Bx@example.net",
        "<bob@example.org>",
        "<joe@[192.0.2.9]> NOTIFY=NEVER",
    )
    message, (ann, bob, joe) = await look(world, reply)
    (stored,) = await world.inbox(BOB)
    path = b"Return-Path: <alice@example.org>\r\n"
    assert stored.startswith(path + b"Received: from laptop ")
    assert b"\r\n\tPRIORITY 3;\r\n" in stored
    assert b" id " + reply.split()[-1].encode() + b"\r\n" in stored
    assert (message.start, message.size) == (len(path), len(stored) - len(path))
    assert (message.sender, message.domain, message.account, message.open) == ("alice@example.org", "example.org", 1, 2)
    assert (message.message_id, message.subject) == ("<1@x.example>", "hello")
    assert (message.ret, message.envelope_id, message.priority) == ("HDRS", "a b", 3)
    assert (message.deliver_by, message.deliver_by_mode, message.deliver_by_trace) == (NOW + 600_000, "R", True)
    assert message.expires == NOW + QueueSettings().expire_seconds * 1000
    assert (message.body, message.utf8, message.require_tls) == ("7BIT", False, False)
    assert (ann.address, ann.destination, ann.state) == ("Ann@Example.NET", "example.net", "waiting")
    assert (ann.notify, ann.original) == (("success", "failure"), "rfc822;ann+x@example.net")
    assert (bob.address, bob.destination, bob.state) == ("bob@example.org", OWN, "delivered")
    assert (joe.destination, joe.notify) == ("[192.0.2.9]", ("never",))


async def test_a_users_mail_to_our_own_is_followed_too() -> None:
    world = await open_world("submission")
    message, recipients = await look(world, await submit(await login(world), "<>", "<bob@example.org>"))
    assert (message.sender, message.domain, message.open) == ("", "example.org", 0)
    assert [recipient.state for recipient in recipients] == ["delivered"]
    assert len(await world.inbox(BOB)) == 1


@pytest.mark.parametrize(
    ("fields", "mail", "optional"),
    [
        ("TLS-Required: No\r\n", "", True),
        ("tls-required :\r\n no \r\n", "", True),
        ("", "", False),
        ("TLS-Required: Yes\r\n", "", False),
        ("TLS-Required: No\r\nTLS-Required: No\r\n", "", False),
        ("Subject: x\r\n\r\nTLS-Required: No\r\n", "", False),
        ("TLS-Required: No\r\n", " REQUIRETLS", False),
    ],
)
async def test_mail_that_goes_whatever_is_wrong_with_tls(fields: str, mail: str, optional: bool) -> None:
    world = await open_world("submission", tls=object())
    client = Client(world, "127.0.0.1")
    await client.reply()
    await client.say("EHLO laptop")
    await client.say("STARTTLS")
    await client.transport.wait_for_tls()
    await client.say("EHLO laptop")
    assert (await client.say(f"AUTH PLAIN {PLAIN}")).startswith("235 ")
    reply = await submit(client, f"<alice@example.org>{mail}", "<ann@example.net>", message=fields + SMALL)
    message, _ = await look(world, reply)
    assert (message.tls_optional, message.require_tls) == (optional, bool(mail))


async def test_held_mail_goes_nowhere_yet() -> None:
    world = await open_world("submission")
    reply = await submit(
        await login(world), "<alice@example.org> HOLDFOR=3600", "<bob@example.org>", "<ann@example.net>"
    )
    message, (bob, ann) = await look(world, reply)
    assert await world.inbox(BOB) == []
    assert (message.held_until, message.open) == (NOW + 3_600_000, 2)
    assert message.expires == NOW + 3_600_000 + QueueSettings().expire_seconds * 1000
    assert (bob.destination, bob.state, bob.due) == (OWN, "held", NOW + 3_600_000)
    assert (ann.destination, ann.state) == ("example.net", "held")


async def test_what_is_past_already_is_not_held() -> None:
    world = await open_world("submission")
    mail = "<alice@example.org> HOLDUNTIL=2001-01-01T00:00:00Z"
    message, _ = await look(world, await submit(await login(world), mail, "<bob@example.org>"))
    assert message.held_until == 0
    assert len(await world.inbox(BOB)) == 1


@pytest.mark.parametrize(
    ("rcpt", "text", "body", "utf8"),
    [
        ("<ann@example.net>", "plain", "7BIT", False),
        ("<jörg@example.net>", "plain", "7BIT", True),
        ("<ann@example.net>", "grün", "8BITMIME", True),
    ],
)
async def test_what_another_server_must_know(rcpt: str, text: str, body: str, utf8: bool) -> None:
    """A client may say SMTPUTF8 and 8BITMIME of what needs neither."""
    world = await open_world("submission")
    mail = "<alice@example.org> BODY=8BITMIME SMTPUTF8"
    message, _ = await look(world, await submit(await login(world), mail, rcpt, message=SMALL + text + "\r\n"))
    assert (message.body, message.utf8) == (body, utf8)


async def test_all_or_nothing() -> None:
    """A full mailbox in the transaction: nothing is queued either, for the sender has one answer."""
    world = await open_world("submission")
    client = await login(world)
    big = SMALL + "x" * ROOM + "\r\n"
    reply = await submit(client, "<alice@example.org>", "<dave@example.org>", "<ann@example.net>", message=big)
    assert reply.startswith("452 4.2.2")
    assert await world.store.read(count_queued) == 0


async def test_strangers_mail_is_queued_for_a_report_only() -> None:
    world = await open_world()
    client = Client(world)
    await client.reply()
    await client.say("EHLO client")
    reply = await submit(
        client, "<ann@example.net> ENVID=x", "<bob@example.org> NOTIFY=SUCCESS", "<alice@example.org> NOTIFY=FAILURE"
    )
    assert await world.store.read(reports) == 1
    message, (bob,) = await look(world, reply)
    assert (message.sender, message.account, message.envelope_id, message.open) == ("ann@example.net", 0, "x", 0)
    assert (bob.address, bob.state, bob.notify) == ("bob@example.org", "delivered", ("success",))
    for mail, rcpt in (("<ann@example.net>", "<bob@example.org>"), ("<>", "<bob@example.org> NOTIFY=SUCCESS")):
        assert (await submit(client, mail, rcpt)).startswith("250 ")
    assert await world.store.read(count_queued) == 1


async def test_a_report_is_owed_for_those_who_have_it() -> None:
    world = await open_world("lmtp")
    client = Client(world)
    await client.reply()
    await client.say("LHLO client")
    big = SMALL + "x" * ROOM + "\r\n"
    rcpts = ("<dave@example.org> NOTIFY=SUCCESS", "<bob@example.org> NOTIFY=SUCCESS")
    assert (await submit(client, "<ann@example.net>", *rcpts, message=big)).startswith("452 ")
    _, recipients = await look(world, (await client.reply())[-1])
    assert [recipient.address for recipient in recipients] == ["bob@example.org"]


async def test_what_leads_to_other_servers() -> None:
    """A user's own mail keeps its sender; all recipients are of one message."""
    world = await open_world("submission")
    await world.store.write(add_alias, "away@example.org", ["ann@example.net", "bob@example.org"])
    await world.store.write(add_alias, "gone@example.org", ["joe@example.com"])
    reply = await submit(await login(world), "<alice@example.org>", "<away@example.org>", "<gone@example.org>")
    _, recipients = await look(world, reply)
    assert [(one.address, one.destination, one.state) for one in recipients] == [
        ("away@example.org", OWN, "delivered"),
        ("ann@example.net", "example.net", "waiting"),
        ("joe@example.com", "example.com", "waiting"),
    ]
    assert len(await world.inbox(BOB)) == 1


@pytest.mark.parametrize(("field", "optional"), [("TLS-Required: No\r\n", True), ("", False)])
async def test_what_a_stranger_says_of_tls_goes_on_with_the_mail(field: str, optional: bool) -> None:
    """RFC 8689 4.1: whoever sent it."""
    world = await open_world("mx")
    await world.store.write(ensure_srs_secret, b"x" * 32)
    await world.store.write(add_alias, "away@example.org", ["ann@example.net"])
    client = Client(world)
    await client.reply()
    await client.say("EHLO client")
    message, _ = await look(
        world, await submit(client, "<joe@example.com>", "<away@example.org>", message=field + SMALL)
    )
    assert message.tls_optional == optional


@pytest.mark.parametrize("hello", ["EHLO", "LHLO"])
async def test_strangers_mail_goes_on_in_our_name(hello: str) -> None:
    world = await open_world("lmtp" if hello == "LHLO" else "mx")
    await world.store.write(ensure_srs_secret, b"x" * 32)
    await world.store.write(add_alias, "away@example.org", ["ann@example.net"])
    client = Client(world)
    await client.reply()
    await client.say(f"{hello} client")
    rcpt = "<away@example.org> NOTIFY=SUCCESS ORCPT=rfc822;away@example.org"
    reply = await submit(client, "<joe@example.com> ENVID=x BY=60;N", rcpt)
    message, (ann,) = await look(world, reply)
    assert message.sender.startswith("SRS0=")
    assert message.sender.endswith("=joe@example.org")
    assert (message.domain, message.account, message.envelope_id) == ("example.org", 0, "x")
    assert message.deliver_by == NOW + 60_000
    assert (ann.address, ann.notify, ann.original) == ("ann@example.net", ("success",), "rfc822;away@example.org")
    bounce = await submit(client, "<>", f"<{message.sender}>")
    returned, (joe,) = await look(world, bounce)
    assert (returned.sender, joe.address) == ("", "joe@example.com")


async def test_a_groups_mail_goes_on_in_its_owners_name() -> None:
    """The list has the mail, and that is what its sender is told; RFC 3461 6.2.7.4."""
    world = await open_world()
    owned = GroupChange(owner="alice@example.org")
    await world.store.write(set_up_group, "list@example.org", owned, ["ann@example.net"], NOW)
    client = Client(world)
    await client.reply()
    await client.say("EHLO client")
    reply = await submit(client, "<joe@example.com> ENVID=x", "<list@example.org> NOTIFY=SUCCESS")
    first, (listed,) = await look(world, reply)
    assert (first.sender, listed.address, listed.state) == ("joe@example.com", "list@example.org", "delivered")
    second, recipients = await world.store.read(queued, read_number(reply.split()[-1]) + 1)
    assert second is not None
    assert (second.sender, second.envelope_id) == ("alice@example.org", "")
    assert [(one.address, one.notify) for one in recipients] == [("ann@example.net", ())]


async def test_as_many_recipients_as_an_account_may_have_in_a_day() -> None:
    world = await open_world("submission", daily_recipients=3)
    client = await login(world)
    await submit(client, "<alice@example.org>", "<ann@example.net>", "<bob@example.org>")
    assert (await client.say("MAIL FROM:<alice@example.org>")).startswith("250 ")
    assert (await client.say("RCPT TO:<ann@example.net>")).startswith("250 ")
    assert (await client.say("RCPT TO:<bob@example.org>")).startswith("452 4.7.1")


async def test_sessions_side_by_side_share_the_day() -> None:
    world = await open_world("submission", daily_recipients=3)
    clients = [await login(world) for _ in range(3)]
    for client in clients:
        assert (await client.say("MAIL FROM:<alice@example.org>")).startswith("250 ")
        for rcpt in ("<ann@example.net>", "<bob@example.org>"):
            assert (await client.say(f"RCPT TO:{rcpt}")).startswith("250 ")
        assert (await client.say("DATA")).startswith("354 ")
    replies = [await client.say(SMALL + ".") for client in clients]
    assert [reply[:9] for reply in replies] == ["250 2.0.0", "452 4.7.1", "452 4.7.1"]
    assert len(await world.inbox(BOB)) == 1
    assert await world.store.read(sent_today, ALICE, NOW) == 2
    assert (await submit(clients[1], "<alice@example.org>", "<ann@example.net>")).startswith("250 ")


async def test_whom_a_recipient_leads_to_does_not_count() -> None:
    world = await open_world("submission", daily_recipients=1)
    await world.store.write(add_alias, "away@example.org", ["ann@example.net", "joe@example.com"])
    assert (await submit(await login(world), "<alice@example.org>", "<away@example.org>")).startswith("250 ")
    assert await world.store.read(sent_today, ALICE, NOW) == 1


async def test_binary_mail_has_any_line_ends() -> None:
    world = await open_world()
    client = Client(world)
    await client.reply()
    await client.say("EHLO client")
    await client.say("MAIL FROM:<ann@example.net> BODY=BINARYMIME")
    await client.say("RCPT TO:<bob@example.org>")
    message = b"Content-Transfer-Encoding: binary\r\n\r\na\rb\nc\0\n.\n"
    client.transport.send(b"BDAT %d LAST\r\n" % len(message) + message)
    assert (await client.reply())[-1].startswith("250 ")
    (stored,) = await world.inbox(BOB)
    assert stored.endswith(message)
    assert await world.inbox(ALICE) == []


async def test_a_number_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    world = await open_world("submission")
    monkeypatch.setattr("posthouse.core.queue.numbers.secrets.randbits", lambda _: 7)
    client = await login(world)
    for _ in range(2):
        await submit(client, "<alice@example.org>", "<ann@example.net>")
    assert await world.store.read(count_queued) == 2
