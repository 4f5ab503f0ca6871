"""Senders are told of their mail, once, and nobody is told of a report: on every engine."""

from __future__ import annotations

import email
import time
from email.message import Message

import dkim
import pytest
from msgspec.structs import replace

from posthouse.core.accounts.accounts import AccountChange, NewAccount, add_account, change_account, delete_account
from posthouse.core.accounts.aliases import add_alias
from posthouse.core.accounts.domains import add_domain
from posthouse.core.accounts.rewriting import ensure_srs_secret
from posthouse.core.dkim.keys import add_keys
from posthouse.core.dkim.records import make_keys
from posthouse.core.mail.letters import BlobLetters
from posthouse.core.mail.mailboxes import INBOX_ID
from posthouse.core.mail.records import decode_message
from posthouse.core.queue.numbers import written
from posthouse.core.queue.records import (
    OWN,
    QueuedMessage,
    QueuedRecipient,
    read_message,
    read_recipients,
    write_message,
    write_recipient,
)
from posthouse.core.queue.reporter import Reporter
from posthouse.core.queue.reporting import Told, read_news, tell, to_tell
from posthouse.core.queue.send import NewRecipient, Outbound, send
from posthouse.core.queue.settings import QueueSettings
from posthouse.core.queue.telling import REPORT, need_report
from posthouse.core.trace.records import TraceEvent, read_events
from posthouse.formats.address import parse_address
from posthouse.formats.mime.settings import MimeLimits
from posthouse.formats.srs import rewrite
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.blobs.records import place
from posthouse.storage.contract import ReadTransaction, Store, WriteTransaction, operation, query
from posthouse.storage.items import decode_item, scan_items
from posthouse.storage.jobs import list_jobs
from posthouse.storage.spaces import MESSAGE, QUEUED
from tests.letters import letter

NOW = 1_790_000_000_000
NUMBER = 77
SENT = (
    b"Return-Path: <ann@example.org>\r\n"
    b"From: ann@example.org\r\nTo: bob@example.net\r\nSubject: Lunch\r\nMessage-ID: <1@example.org>\r\n\r\nAt noon?\r\n"
)
START = SENT.index(b"From")


@operation
def change(txn: WriteTransaction, number: int, recipient: int, record: QueuedRecipient, now: int) -> None:
    write_recipient(txn, number, recipient, record)
    need_report(txn, number, now)


@operation
def put_message(txn: WriteTransaction, number: int, record: QueuedMessage) -> None:
    write_message(txn, number, record)


@query
def queued_message(txn: ReadTransaction, number: int) -> QueuedMessage | None:
    return read_message(txn, number)


@query
def queued_recipients(txn: ReadTransaction, number: int) -> dict[int, QueuedRecipient]:
    return read_recipients(txn, number)


@query
def queued_numbers(txn: ReadTransaction) -> list[int]:
    return [QUEUED.parse(key)[0] for key, _ in txn.scan(*QUEUED.range())]


@query
def trace_of(txn: ReadTransaction, number: int) -> list[TraceEvent]:
    return read_events(txn, number)


@query
def octets_of(txn: ReadTransaction, hash_: bytes) -> bytes:
    found = place(txn, hash_)
    assert found is not None
    assert found.inline is not None
    return found.inline


@query
def inbox(txn: ReadTransaction, account: int) -> list[bytes]:
    """The messages in an account's inbox."""
    found = []
    for _, value in scan_items(txn, account, INBOX_ID):
        record = txn.get(MESSAGE.key(account, decode_item(value).object))
        assert record is not None
        stored = place(txn, decode_message(record).hash)
        assert stored is not None
        assert stored.inline is not None
        found.append(stored.inline)
    return found


class House:
    """example.org with Ann, who has sent something to others."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.blobs = MemoryBlobs()
        self.now = NOW
        self.settings = QueueSettings()

    async def begin(self) -> int:
        await self.store.write(add_domain, "example.org", None, NOW)
        return await self.store.write(add_account, NewAccount("ann@example.org", "Ann", None, None), NOW)

    async def sent(self, *recipients: NewRecipient, sender: str = "ann@example.org", **wishes: object) -> None:
        octets = wishes.pop("octets", SENT)
        assert isinstance(octets, bytes)
        outbound = Outbound(NUMBER, sender, "example.org", 1, list(recipients), START, b"", NOW + 432_000_000, **wishes)  # type: ignore[arg-type]
        await self.store.write(send, letter(octets), [], [outbound], NOW)

    async def became(self, recipient: int, state: str, **more: object) -> None:
        record = (await self.store.read(queued_recipients, NUMBER))[recipient]
        changed = replace(record, state=state, changed=self.now, attempts=1, **more)
        await self.store.write(change, NUMBER, recipient, changed, self.now)

    async def warn(self) -> None:
        message = await self.store.read(queued_message, NUMBER)
        assert message is not None
        await self.store.write(put_message, NUMBER, replace(message, warned=True))

    @property
    def reporter(self) -> Reporter:
        letters = BlobLetters(self.blobs, MimeLimits())
        return Reporter(self.store, self.blobs, letters, self.settings, "mail.example.org", lambda: self.now)

    async def report(self) -> None:
        await self.reporter.report(b"%d" % NUMBER)

    async def reports(self, account: int = 1) -> list[Message]:
        return [email.message_from_bytes(octets) for octets in await self.store.read(inbox, account)]


def actions(report: Message) -> dict[str, str]:
    """What a report says of whom."""
    groups = report.get_payload()[1].get_payload()
    return {group["Final-Recipient"].partition("; ")[2]: group["Action"] for group in groups[1:]}


REFUSED = {"code": 550, "status": "5.1.1", "words": "No such user", "host": "mx.example.net"}


async def test_a_failure_is_told_with_the_message(store: Store) -> None:
    house = House(store)
    await house.begin()
    await house.sent(NewRecipient("bob@example.net"), NewRecipient("carl@example.net"))
    await house.became(0, "failed", **REFUSED)
    assert [(job.kind, job.body, job.key) for job in await store.read(list_jobs, 0, 9) if job.kind == REPORT] == [
        (REPORT, b"77", "report 77")
    ]
    await house.report()
    (report,) = await house.reports()
    assert report["Return-Path"] == "<>"
    assert report["To"] == "<ann@example.org>"
    assert actions(report) == {"bob@example.net": "failed"}
    assert report.get_payload()[2].get_payload()[0].as_bytes().replace(b"\n", b"\r\n") == SENT[START:]
    recipients = await store.read(queued_recipients, NUMBER)
    assert [recipients[0].reported, recipients[1].reported] == ["failed", ""]
    await house.report()
    assert len(await house.reports()) == 1


async def test_a_report_stands_in_the_traces(store: Store) -> None:
    house = House(store)
    await house.begin()
    await house.sent(NewRecipient("bob@example.net"), sender="eve@example.com")
    await house.became(0, "failed", **REFUSED)
    await house.report()
    (number,) = set(await store.read(queued_numbers)) - {NUMBER}
    _, event = await store.read(trace_of, NUMBER)
    assert (event.what, event.fields["to"], event.fields["report"]) == ("reported", "eve@example.com", written(number))
    assert event.fields["recipient 0"] == "bob@example.net failed"
    queued, composed = await store.read(trace_of, number)
    assert (queued.what, queued.fields["recipients"]) == ("queued", "eve@example.com")
    assert (composed.what, composed.fields) == ("composed", {"report of": written(NUMBER)})


async def test_all_that_there_is_to_tell_is_one_report(store: Store) -> None:
    house = House(store)
    await house.begin()
    both = ("success", "failure", "delay")
    await house.sent(
        NewRecipient("a@example.net", notify=both),
        NewRecipient("b@example.net", notify=both),
        NewRecipient("ann@example.org", own=True, notify=both),
        NewRecipient("d@example.net", notify=both),
    )
    await house.became(0, "failed", **REFUSED)
    await house.became(1, "delivered", code=250)
    await house.became(2, "delivered")
    await house.warn()
    await house.report()
    (report,) = await house.reports()
    assert actions(report) == {
        "a@example.net": "failed",
        "b@example.net": "relayed",
        "ann@example.org": "delivered",
        "d@example.net": "delayed",
    }
    await house.became(3, "failed", **REFUSED)
    await house.report()
    assert actions((await house.reports())[1]) == {"d@example.net": "failed"}


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
def test_who_wants_to_know(state: str, notify: tuple[str, ...], told: str | None) -> None:
    """RFC 3461 4.1."""
    message = replace(MESSAGE_SENT, warned=True)
    recipient = QueuedRecipient("bob@example.net", "example.net", state=state, notify=notify)  # type: ignore[arg-type]
    assert to_tell(message, recipient, NOW) == told
    assert to_tell(message, replace(recipient, reported=state), NOW) is None  # type: ignore[arg-type]
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


@pytest.mark.parametrize(
    ("wishes", "kind"),
    [
        ({}, "message/rfc822"),
        ({"ret": "FULL"}, "message/rfc822"),
        ({"ret": "HDRS"}, "text/rfc822-headers"),
        ({"body": "BINARYMIME"}, "text/rfc822-headers"),
        ({"octets": SENT + b"x" * 70 + b"\r\n" + b"y\r\n" * 30_000}, "text/rfc822-headers"),
    ],
)
async def test_what_comes_back(store: Store, wishes: dict[str, object], kind: str) -> None:
    """RFC 3461 4.3."""
    house = House(store)
    await house.begin()
    await house.sent(NewRecipient("bob@example.net"), **wishes)
    await house.became(0, "failed", **REFUSED)
    await house.report()
    (report,) = await house.reports()
    returned = report.get_payload()[2]
    assert returned.get_content_type() == kind
    if kind == "text/rfc822-headers":
        assert returned.get_payload().strip().endswith("Message-ID: <1@example.org>")


async def test_no_message_comes_back_with_good_news(store: Store) -> None:
    house = House(store)
    await house.begin()
    await house.sent(NewRecipient("bob@example.net", notify=("success",)), ret="FULL")
    await house.became(0, "delivered")
    await house.report()
    assert (await house.reports())[0].get_payload()[2].get_content_type() == "text/rfc822-headers"


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


async def test_a_report_that_is_out_of_date_is_not_placed(store: Store) -> None:
    """Two workers at once, or a recipient that has changed while the report was written."""
    house = House(store)
    account = await house.begin()
    await house.sent(NewRecipient("bob@example.net"))
    await house.became(0, "failed", **REFUSED)
    news = await store.read(read_news, NUMBER, NOW)
    assert news is not None
    told = [Told(number, recipient) for number, recipient, _ in news.recipients]
    outbound = Outbound(78, "", "example.org", 0, [], 0, b"", NOW + 1)
    first, second = letter(b"Subject: 1\r\n\r\n"), letter(b"Subject: 2\r\n\r\n")
    assert await store.write(tell, NUMBER, told, first, [account], outbound, NOW) is True
    assert await store.write(tell, NUMBER, told, second, [account], outbound, NOW) is False
    assert [report["Subject"] for report in await house.reports()] == ["1"]


async def test_a_message_that_is_damaged_or_gone_is_reported_without_it(store: Store) -> None:
    house = House(store)
    await house.begin()
    await house.sent(NewRecipient("bob@example.net"))
    message = await store.read(queued_message, NUMBER)
    assert message is not None
    await store.write(put_message, NUMBER, replace(message, hash=bytes(32)))
    await house.became(0, "failed", **REFUSED)
    await house.report()
    assert len((await house.reports())[0].get_payload()) == 2


async def test_very_many_recipients_are_several_reports(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posthouse.core.queue.reporting.RECIPIENTS_AT_ONCE", 2)
    house = House(store)
    await house.begin()
    await house.sent(*(NewRecipient(f"p{number}@example.net") for number in range(5)))
    for number in range(5):
        await house.became(number, "failed", **REFUSED)
    await house.report()
    assert [len(actions(report)) for report in await house.reports()] == [2, 2, 1]


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
