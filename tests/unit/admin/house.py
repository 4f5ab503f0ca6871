"""A small house in memory with some mail in it, to be damaged and mended."""

from __future__ import annotations

from pathlib import Path

import msgspec

from posthouse.core.accounts.aliases import add_alias
from posthouse.core.accounts.groups import add_group
from posthouse.core.delivery.deliver import Target, deliver
from posthouse.core.mail.letters import BlobLetters
from posthouse.core.mail.messages import copy
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.blobs.files import FileBlobs
from posthouse.storage.blobs.settings import BlobSettings
from posthouse.storage.contract import Store, WriteTransaction, operation
from posthouse.storage.jobs import schedule
from posthouse.storage.memory import MemoryStore
from tests.unit.imap.world import NOW, NewAccount, add_account, add_domain, keys_of

ALICE, BOB = 1, 2
SMALL = b"Subject: small\r\n\r\nhello\r\n"
LARGE = b"Subject: large\r\n\r\n" + b"0123456789" * 1000 + b"\r\n"


class House(msgspec.Struct, frozen=True):
    """The store and the folder of its blobs."""

    store: Store
    blobs: FileBlobs

    def files(self) -> list[Path]:
        """The blobs' files."""
        return sorted(self.blobs.directory.glob("[0-9a-f][0-9a-f]/*"))


async def send(house: House, octets: bytes, *accounts: int) -> None:
    """Deliver a letter."""
    writer = BlobLetters(house.blobs, MimeLimits()).open()
    writer.write(octets)
    targets = [Target(f"{account}@example.org", account) for account in accounts]
    await house.store.write(deliver, await writer.finish(), targets, NOW)


async def open_house(directory: Path, store: Store | None = None) -> House:
    """Alice has a small and a large letter, Bob the large one twice, in two mailboxes."""
    store = store or MemoryStore()
    house = House(store, FileBlobs(directory, BlobSettings(inline_octets=1000)))
    await store.write(add_domain, "example.org", None, NOW)
    for name in ("alice", "bob"):
        await store.write(add_account, NewAccount(f"{name}@example.org", "", keys_of("secret"), None), NOW)
    await store.write(add_alias, "info@example.org", ["alice@example.org"])
    await store.write(add_group, "team@example.org", "", "anyone", ["alice@example.org", "bob@example.org"], NOW)
    await send(house, SMALL, ALICE)
    await send(house, LARGE, ALICE, BOB)
    await store.write(copy, BOB, 1, [(1, 1)], "Archive", NOW)
    await store.write(schedule, "something", b"", NOW, "its name")
    return house


@operation
def put_raw(txn: WriteTransaction, key: bytes, value: bytes) -> None:
    """Damage."""
    txn.put(key, value)


@operation
def delete_raw(txn: WriteTransaction, key: bytes) -> None:
    """Damage."""
    assert txn.delete(key)
