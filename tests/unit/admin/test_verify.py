"""Every kind of damage is found, named, and mended where what is here suffices."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from posthouse.admin.rebuild import rebuild
from posthouse.admin.verify import verify
from posthouse.core.accounts.records import read_domain
from posthouse.core.mail.messages import copy
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.blobs.records import read_record
from posthouse.storage.collections import read_collection, read_sequence
from posthouse.storage.contract import ReadTransaction, query
from posthouse.storage.spaces import (
    ADDRESS,
    BLOB,
    CHANGE,
    COLLECTION,
    DOMAIN,
    ENVELOPE,
    GROUP,
    ITEM,
    JOB_DUE,
    JOB_KEY,
    MESSAGE,
    PLACES,
    SEQUENCE,
    STRUCTURE,
    USAGE,
)
from tests.unit.admin.house import ALICE, BOB, LARGE, SMALL, House, delete_raw, open_house, put_raw, send
from tests.unit.imap.world import NOW

ENCODER = msgspec.msgpack.Encoder()
SMALL_HASH, LARGE_HASH = hashlib.sha256(SMALL).digest(), hashlib.sha256(LARGE).digest()


async def faults(house: House, *, quick: bool = False, address: str | None = None) -> list[str]:
    report = await verify(house.store, house.blobs, MimeLimits(), quick=quick, address=address, done=lambda _: None)
    return [f"{fault.where}: {fault.what}" for fault in report.faults]


async def mend(house: House) -> Any:
    return await rebuild(house.store, house.blobs, MimeLimits(), address=None, now=lambda: NOW, done=lambda _: None)


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


async def test_a_sound_house(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    report = await verify(house.store, house.blobs, MimeLimits(), quick=False, address=None, done=lambda _: None)
    assert (report.faults, report.notices) == ([], [])
    assert dict(report.checked) == {"accounts": 2, "messages": 3, "blobs": 2, "files": 1}
    result = await mend(house)
    assert (result.mended, result.left) == ([], [])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (changed(COLLECTION.key(ALICE, 1), lambda txn: read_collection(txn, ALICE, 1), exists=7), "exists is 7 and sh"),
        (changed(COLLECTION.key(ALICE, 1), lambda txn: read_collection(txn, ALICE, 1), uid_next=2), "next UID is 2"),
        (gone(COLLECTION.key(BOB, 1)), "it has 1 messages and no record"),
        (put(ITEM.key(ALICE, 1, 9), b"\x07"), "its record cannot be read"),
        (gone(MESSAGE.key(ALICE, 1)), "there is no message 1 that it could show"),
        (gone(ITEM.key(ALICE, 1, 1)), "no mailbox shows it"),
        (gone(PLACES.key(BOB, 1)), "it stands in 2 places, 1 are counted"),
        (gone(ENVELOPE.key(ALICE, 1)), "its envelope is missing"),
        (put(ENVELOPE.key(ALICE, 1), b"(NIL)"), "its records are not what its octets give"),
        (gone(STRUCTURE.key(ALICE, 1)), "its structure: it is missing"),
        (put(STRUCTURE.key(ALICE, 1), b"\xc1"), "its structure: "),
        (gone(USAGE.key(ALICE)), "its usage is 0 messages, 0 octets, and should be 2"),
        (changed(SEQUENCE.key(ALICE), lambda txn: read_sequence(txn, ALICE), modseq=1), "its last modseq is"),
        (put(CHANGE.key(ALICE, 2), b"\xc1"), "it cannot be read"),
        (changed(BLOB.key(LARGE_HASH), lambda txn: read_record(txn, LARGE_HASH), count=9), "2 messages show it, 9 are"),
        (changed(DOMAIN.key("example.org"), lambda txn: read_domain(txn, "example.org"), accounts=5), "5 accounts are"),
        (gone(GROUP.key(1)), "group 1 is gone"),
        (gone(ADDRESS.key("example.org", "bob")), "it leads to bob@example.org, which is gone"),
        (gone(JOB_DUE.key(NOW, 1)), "job 1 is never due"),
        (put(JOB_DUE.key(NOW, 5), b""), "job 5 is due, and is no job"),
        (put(JOB_KEY.key("x"), (5).to_bytes(8, "big")), "the job called x is gone"),
    ],
)  # fmt: skip
async def test_what_is_derived_is_found_and_mended(tmp_path: Path, damage: Any, said: str) -> None:
    house = await open_house(tmp_path)
    await damage(house)
    before = await faults(house)
    assert any(said in fault for fault in before), before
    result = await mend(house)
    assert result.mended
    left = await faults(house)
    assert [fault for fault in left if "does not lead to it" not in fault] == []
    await send(house, b"Subject: after\r\n\r\n", ALICE)
    assert len(await faults(house)) == len(left)


async def test_a_damaged_file_is_named_and_left(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    (file,) = house.files()
    octets = bytearray(file.read_bytes())
    octets[100] ^= 1
    file.write_bytes(octets)
    said = [f"account {n}, message {m}: block 0 is not what was written" for n, m in ((ALICE, 2), (BOB, 1))]
    assert await faults(house) == said
    assert await faults(house, quick=True) == []
    assert await faults(house, address="bob@example.org") == said[1:]
    result = await mend(house)
    assert len(result.left) == 2
    file.unlink()
    assert await faults(house, quick=True) == [f"blob {LARGE_HASH.hex()}: its file is missing or cut short"]
    assert len(await faults(house)) == 3


async def test_octets_that_are_missing(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    await house.store.write(delete_raw, BLOB.key(SMALL_HASH))
    assert await faults(house) == [
        f"account {ALICE}, message 1: its octets are not stored",
        f"blob {SMALL_HASH.hex()}: 1 messages show it, and it has no record",
    ]


async def test_other_octets_than_their_hash_says(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    await send(house, b"Subject: other\r\n\r\n" + b"9876543210" * 1000 + b"\r\n", BOB)
    one, other = house.files()
    octets = one.read_bytes(), other.read_bytes()
    one.write_bytes(octets[1])
    other.write_bytes(octets[0])
    assert all("is not" in fault or "are not" in fault for fault in await faults(house))
    assert len(await faults(house)) == 3


async def test_mail_goes_on_while_all_is_checked(tmp_path: Path) -> None:
    house = await open_house(tmp_path)

    class Busy:
        """Something changes before every read."""

        number = 0

        async def read(self, query: Any, *args: Any) -> Any:
            self.number += 1
            if self.number % 3 == 0:
                await house.store.write(copy, BOB, 1, [(1, 1)], "Archive", NOW)
            else:
                await send(house, b"Subject: %d\r\n\r\n" % self.number, ALICE, BOB)
            return await house.store.read(query, *args)

    report = await verify(Busy(), house.blobs, MimeLimits(), quick=False, address=None, done=lambda _: None)  # type: ignore[arg-type]
    assert report.faults == []
