"""Ann, who has sent something to others, and what she is told of it."""

from __future__ import annotations

import email
from email.message import Message
from typing import Any

from msgspec.structs import replace

from posthouse.core.accounts.accounts import NewAccount, add_account
from posthouse.core.accounts.domains import add_domain
from posthouse.core.mail.letters import BlobLetters
from posthouse.core.mail.mailboxes import INBOX_ID
from posthouse.core.mail.records import decode_message
from posthouse.core.queue.records import (
    QueuedMessage,
    QueuedRecipient,
    read_message,
    read_recipients,
    write_message,
    write_recipient,
)
from posthouse.core.queue.reporter import Reporter
from posthouse.core.queue.send import NewRecipient, Outbound, send
from posthouse.core.queue.settings import QueueSettings
from posthouse.core.queue.telling import need_report
from posthouse.core.trace.records import TraceEvent, read_events
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.blobs.records import place
from posthouse.storage.contract import ReadTransaction, Store, WriteTransaction, operation, query
from posthouse.storage.items import decode_item, scan_items
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

    async def sent(self, *recipients: NewRecipient, sender: str = "ann@example.org", **wishes: Any) -> None:
        octets = wishes.pop("octets", SENT)
        assert isinstance(octets, bytes)
        outbound = Outbound(NUMBER, sender, "example.org", 1, list(recipients), START, b"", NOW + 432_000_000, **wishes)
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
