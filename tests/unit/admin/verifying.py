"""What `verify` finds and mends in a house, and how to damage one."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from posthouse.admin.rebuild import rebuild
from posthouse.admin.verify import verify
from posthouse.core.mail.mailboxes import list_mailboxes
from posthouse.core.mail.messages import Column, rows
from posthouse.core.mail.records import MessageRecord, decode_message
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import MESSAGE
from tests.unit.admin.house import ALICE, LARGE, SMALL, House, delete_raw, put_raw
from tests.unit.imap.world import NOW

ENCODER = msgspec.msgpack.Encoder()
SMALL_HASH, LARGE_HASH = hashlib.sha256(SMALL).digest(), hashlib.sha256(LARGE).digest()


async def faults(house: House, *, quick: bool = False, address: str | None = None) -> list[str]:
    report = await verify(house.store, house.blobs, MimeLimits(), quick=quick, address=address, done=lambda _: None)
    return [f"{fault.where}: {fault.what}" for fault in report.faults]


async def mend(house: House) -> Any:
    return await rebuild(house.store, house.blobs, MimeLimits(), address=None, now=lambda: NOW, done=lambda _: None)


def read_message(txn: ReadTransaction, message: int) -> MessageRecord:
    return decode_message(txn.get(MESSAGE.key(ALICE, message)) or b"")


async def shown_letters(house: House, account: int) -> set[bytes]:
    """The letters that stand in any mailbox of an account."""
    found = set()
    for mailbox in await house.store.read(list_mailboxes, account):
        for row in await house.store.read(rows, account, mailbox.id, 1, 100, 100, int(Column.RECORD)):
            assert row.record is not None
            found.add(row.record.hash)
    return found


@operation
def put_all(txn: WriteTransaction, values: dict[bytes, bytes]) -> None:
    """The store as it was."""
    txn.delete_range(b"\x01", b"\xff")
    for key, value in values.items():
        txn.put(key, value)


def changed(key: bytes, read: Callable[[ReadTransaction], Any], **fields: Any) -> Callable[[House], Awaitable[None]]:
    """Damage: some fields of a record are otherwise."""

    async def work(house: House) -> None:
        found: list[Any] = []
        query_ = query(lambda txn: found.append(read(txn)))
        await house.store.read(query_)
        (record,) = found
        for name, value in fields.items():
            setattr(record, name, value)
        await house.store.write(put_raw, key, ENCODER.encode(record))

    return work


def gone(key: bytes) -> Callable[[House], Awaitable[None]]:
    async def work(house: House) -> None:
        await house.store.write(delete_raw, key)

    return work


def put(key: bytes, value: bytes) -> Callable[[House], Awaitable[None]]:
    async def work(house: House) -> None:
        await house.store.write(put_raw, key, value)

    return work
