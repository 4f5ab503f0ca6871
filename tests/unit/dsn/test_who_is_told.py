"""Who is told of their mail, by which way, and that nobody is told of a report: on every engine."""

from __future__ import annotations

import email
import time
from typing import Any

import dkim
import pytest
from msgspec.structs import replace

from posthouse.core.accounts.accounts import AccountChange, change_account, delete_account
from posthouse.core.accounts.aliases import add_alias
from posthouse.core.accounts.rewriting import ensure_srs_secret
from posthouse.core.dkim.keys import add_keys
from posthouse.core.dkim.records import make_keys
from posthouse.core.queue.records import (
    OWN,
    QueuedMessage,
    QueuedRecipient,
)
from posthouse.core.queue.reporting import to_tell
from posthouse.core.queue.send import NewRecipient
from posthouse.formats.address import parse_address
from posthouse.formats.srs import rewrite
from posthouse.storage.contract import Store
from tests.unit.dsn.house import (
    NOW,
    NUMBER,
    REFUSED,
    House,
    octets_of,
    queued_message,
    queued_numbers,
    queued_recipients,
)

MESSAGE_SENT = QueuedMessage("ann@example.org", "example.org", 1, b"", 0, 0, b"", NOW, NOW + 1000)


@pytest.mark.parametrize(
    ("state", "notify", "told"),
    [
        ("failed", (), "failed"),
        ("failed", ("failure",), "failed"),
        ("failed", ("success", "delay"), None),
        ("failed", ("never",), None),
        ("delivered", (), None),
        ("delivered", ("failure",), None),
        ("delivered", ("success",), "relayed"),
        ("relayed", ("success",), "relayed"),
        ("relayed", ("never",), None),
        ("waiting", (), "delayed"),
        ("in transfer", ("delay",), "delayed"),
        ("waiting", ("failure",), None),
        ("held", (), None),
        ("revoked", (), None),
        ("revoked", ("success", "failure", "delay"), None),
    ],
)
def test_who_wants_to_know(state: Any, notify: Any, told: str | None) -> None:
    """RFC 3461 4.1."""
    message = replace(MESSAGE_SENT, warned=True)
    recipient = QueuedRecipient("bob@example.net", "example.net", state=state, notify=notify)
    assert to_tell(message, recipient, NOW) == told
    assert to_tell(message, replace(recipient, reported=state), NOW) is None
    assert to_tell(replace(message, sender=""), recipient, NOW) is None
    if told == "delayed":
        assert to_tell(replace(message, warned=False), recipient, NOW) is None
        assert to_tell(message, replace(recipient, reported="delayed"), NOW) is None
    if told == "failed":
        assert to_tell(message, replace(recipient, reported="delayed"), NOW) == "failed"


def test_deliver_by_is_told_also_to_who_wants_failures_only() -> None:
    """RFC 2852 4.1.4: late by mode N; passed on by mode T."""
    waiting = QueuedRecipient("bob@example.net", "example.net", notify=("failure",))
    late = replace(MESSAGE_SENT, warned=True, deliver_by=NOW, deliver_by_mode="N")
    assert to_tell(late, waiting, NOW) == "delayed"
    assert to_tell(late, waiting, NOW - 1) is None
    assert to_tell(late, replace(waiting, notify=("never",)), NOW) is None
    traced = replace(MESSAGE_SENT, deliver_by=NOW, deliver_by_mode="N", deliver_by_trace=True)
    assert to_tell(traced, replace(waiting, state="delivered"), NOW) == "relayed"
    assert to_tell(traced, replace(waiting, state="delivered", destination=OWN), NOW) is None


async def test_nobody_is_told_of_a_report(store: Store) -> None:
    house = House(store)
    await house.begin()
    await house.sent(NewRecipient("bob@example.net"), sender="")
    await house.became(0, "failed", **REFUSED)
    await house.report()
    assert await house.reports() == []
    assert await store.read(queued_numbers) == [NUMBER]


@pytest.mark.parametrize("sender", ["ann+lunch@example.org", "info@example.org", "gone@example.org"])
async def test_a_sender_of_ours_is_told_by_whatever_address(store: Store, sender: str) -> None:
    """By a detail, an alias, and where the address has gone meanwhile the account that sent."""
    house = House(store)
    account = await house.begin()
    await store.write(add_alias, "info@example.org", ["ann@example.org"])
    await house.sent(NewRecipient("bob@example.net"), sender=sender)
    await house.became(0, "failed", **REFUSED)
    await house.report()
    assert [report["To"] for report in await house.reports(account)] == [f"<{sender}>"]


async def test_a_sender_who_has_gone_is_told_nothing(store: Store) -> None:
    house = House(store)
    await house.begin()
    await house.sent(NewRecipient("bob@example.net"))
    await house.became(0, "failed", **REFUSED)
    await store.write(delete_account, "ann@example.org", NOW)
    await house.report()
    assert await store.read(queued_numbers) == [NUMBER]


async def test_others_are_told_through_the_queue(store: Store) -> None:
    """A report goes out from nobody, signed by the domain that forwarded."""
    house = House(store)
    await house.begin()
    keys = make_keys("example.org", (), NOW, NOW)
    await store.write(add_keys, keys)
    await house.sent(NewRecipient("bob@example.net"), sender="eve@example.com")
    await house.became(0, "failed", **REFUSED)
    await house.report()
    (number,) = set(await store.read(queued_numbers)) - {NUMBER}
    message = await store.read(queued_message, number)
    assert message is not None
    assert (message.sender, message.account, message.body) == ("", 0, "7BIT")
    recipients = await store.read(queued_recipients, number)
    assert [(one.address, one.destination, one.state) for one in recipients.values()] == [
        ("eve@example.com", "example.com", "waiting")
    ]
    stored = await store.read(octets_of, message.hash)
    carried = message.prefix + stored[message.start :]
    assert len(carried) == message.size
    assert carried.startswith(b"DKIM-Signature: ")
    records = {f"{key.selector}._domainkey.example.org.".encode(): key.record.encode() for key in keys}
    for index in (0, 1):
        assert dkim.DKIM(carried).verify(idx=index, dnsfunc=lambda name, timeout=5: records[name])
    assert email.message_from_bytes(carried)["To"] == "<eve@example.com>"


async def test_mail_that_was_passed_on_is_reported_to_who_sent_it(store: Store) -> None:
    """Its envelope sender is one of ours, made by SRS; the report goes to whom that stands for."""
    house = House(store)
    await house.begin()
    await store.write(ensure_srs_secret, bytes(32))
    sender = str(rewrite(parse_address("eve@example.com"), "example.org", bytes(32), int(time.time() // 86_400)))
    await house.sent(NewRecipient("bob@example.net"), sender=sender)
    await house.became(0, "failed", **REFUSED)
    await house.report()
    (number,) = set(await store.read(queued_numbers)) - {NUMBER}
    message = await store.read(queued_message, number)
    assert message is not None
    recipients = await store.read(queued_recipients, number)
    assert [one.address for one in recipients.values()] == ["eve@example.com"]
    assert email.message_from_bytes(await store.read(octets_of, message.hash))["To"] == "<eve@example.com>"


async def test_a_full_mailbox_gets_its_report_later(store: Store) -> None:
    house = House(store)
    await house.begin()
    await store.write(change_account, "ann@example.org", AccountChange(quota_octets=1))
    await house.sent(NewRecipient("bob@example.net"))
    await house.became(0, "failed", **REFUSED)
    await house.report()
    assert await house.reports() == []
    (number,) = set(await store.read(queued_numbers)) - {NUMBER}
    recipients = await store.read(queued_recipients, number)
    assert [(one.address, one.destination) for one in recipients.values()] == [("ann@example.org", OWN)]


async def test_addresses_beyond_ascii_make_a_report_by_smtputf8(store: Store) -> None:
    house = House(store)
    await house.begin()
    await house.sent(NewRecipient("grün@example.net"), sender="jörg@example.com", utf8=True)
    await house.became(0, "failed", **REFUSED)
    await house.report()
    (number,) = set(await store.read(queued_numbers)) - {NUMBER}
    message = await store.read(queued_message, number)
    assert message is not None
    assert (message.utf8, message.body) == (True, "8BITMIME")
    report = email.message_from_bytes(await store.read(octets_of, message.hash))
    assert report.get_payload()[1].get_content_type() == "message/global-delivery-status"
