"""Every kind of damage is found, named, and mended where what is here suffices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from posthouse.admin.verify import verify
from posthouse.core.accounts.records import read_domain
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.finding import Found
from posthouse.core.mail.flags import DELETED, FlagChange
from posthouse.core.mail.mailboxes import find_mailbox
from posthouse.core.mail.messages import copy, expunge, rows, store_flags
from posthouse.core.mail.transfer import transfer
from posthouse.core.maintenance.blobs import find_miscounts, mend_miscounts
from posthouse.core.sharing.rights import ALL
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.blobs.records import BlobRecord, read_record
from posthouse.storage.changes import ChangeRecord, CollectionChange
from posthouse.storage.collections import read_collection, read_sequence
from posthouse.storage.contract import query
from posthouse.storage.item_bytes import EVERY
from posthouse.storage.spaces import (
    ADDRESS,
    BLOB,
    BLOB_BYTES,
    CHANGE,
    COLLECTION,
    CREDENTIALS,
    DOMAIN,
    EXPUNGED,
    GROUP,
    ITEM,
    JOB_DUE,
    JOB_KEY,
    MESSAGE,
    META,
    PLACES,
    SEQUENCE,
    USAGE,
)
from tests.unit.admin.house import ALICE, BOB, LARGE, SMALL, delete_raw, open_house, put_raw, send
from tests.unit.admin.verifying import (
    ENCODER,
    LARGE_HASH,
    SMALL_HASH,
    changed,
    faults,
    gone,
    mend,
    put,
    put_all,
    read_message,
    shown_letters,
)
from tests.unit.imap.world import NOW


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
        (changed(MESSAGE.key(ALICE, 1), lambda txn: read_message(txn, 1), envelope=b""), "its envelope is missing"),
        (changed(MESSAGE.key(ALICE, 1), lambda txn: read_message(txn, 1), body=b"(NIL)"), "its record is not what its"),
        (changed(MESSAGE.key(ALICE, 1), lambda txn: read_message(txn, 1), bodystructure=b""), "its structure is miss"),
        (gone(USAGE.key(ALICE)), "its usage is 0 messages, 0 octets, and should be 2"),
        (changed(SEQUENCE.key(ALICE), lambda txn: read_sequence(txn, ALICE), modseq=1), "its last modseq is"),
        (gone(SEQUENCE.key(ALICE)), "its counters are missing or cannot be read"),
        (put(SEQUENCE.key(ALICE), b"\xc1"), "its counters are missing or cannot be read"),
        (gone(COLLECTION.key(ALICE, 1)), "it has 2 messages and no record"),
        (put(COLLECTION.key(ALICE, 3), b"\xc1"), "its record cannot be read; it has 0 messages"),
        (changed(COLLECTION.key(ALICE, 1), lambda txn: read_collection(txn, ALICE, 1), modseq=1), "its modseq is 1"),
        (put(CHANGE.key(ALICE, 2), b"\xc1"), "it cannot be read"),
        (gone(CHANGE.key(ALICE, 2)), "the change log says nothing of 1 of its messages"),
        (put(CHANGE.key(ALICE, 9), ENCODER.encode(ChangeRecord([]))), "change 9: the last one is 3"),
        (put(CHANGE.key(ALICE, 1), ENCODER.encode(ChangeRecord([CollectionChange(1, [], [], [(2, 9)])]))), "1 destroy"),
        (put(PLACES.key(ALICE, 9), bytes(4)), "its places are counted without it"),
        (put(BLOB.key(b"x" * 32), ENCODER.encode(BlobRecord(0, 5, None, NOW))), "nobody holds it, and it is never"),
        (changed(BLOB.key(LARGE_HASH), lambda txn: read_record(txn, LARGE_HASH), count=9), "2 messages show it, 9 are"),
        (changed(DOMAIN.key("example.org"), lambda txn: read_domain(txn, "example.org"), accounts=5), "5 accounts are"),
        (gone(GROUP.key(1)), "group 1 is gone"),
        (gone(ADDRESS.key("example.org", "bob")), "bob@example.org does not lead to it"),
        (gone(ADDRESS.key("example.org", "team")), "team@example.org does not lead to it"),
        (put(ADDRESS.key("example.org", "team"), b"\xc1"), "team@example.org does not lead to it"),
        (gone(DOMAIN.key("example.org")), "it is gone, and there are addresses in it"),
        (put(DOMAIN.key("example.org"), b"\xc1"), "its record cannot be read; its settings are lost"),
        (put(CREDENTIALS.key(ALICE), b"\xc1"), "its credentials cannot be read"),
        (gone(META.key("accounts")), "the last one is 2, 0 is counted"),
        (gone(META.key("jobs")), "the last job is 1, fewer are counted"),
        (gone(JOB_KEY.key("its name")), "job 1 is not found as its name"),
        (gone(JOB_DUE.key("something", NOW, 1)), "job 1 is never due"),
        (put(JOB_DUE.key("something", NOW, 5), b""), "job 5 is due, and is no job"),
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
    assert (await faults(house), result.left) == ([], [])
    await send(house, b"Subject: after\r\n\r\n", ALICE)
    assert await faults(house) == []


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
    await house.store.write(delete_raw, BLOB_BYTES.key(SMALL_HASH))
    lost = f"blob {SMALL_HASH.hex()}: 1 messages show it, and its record is missing or cannot be read"
    assert await faults(house, quick=True) == [lost]
    assert len(await faults(house)) == 2
    assert len((await mend(house)).left) == 2


async def test_octets_of_several_that_are_missing(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    await send(house, SMALL, BOB)
    await house.store.write(delete_raw, BLOB_BYTES.key(SMALL_HASH))
    assert await faults(house, quick=True) == [f"blob {SMALL_HASH.hex()}: its octets are missing or cut short"]
    assert len((await mend(house)).left) == 3


@pytest.mark.parametrize(
    "damage",
    [gone(BLOB.key(LARGE_HASH)), put(BLOB.key(LARGE_HASH), b"\xc1"), put(BLOB.key(SMALL_HASH), b"\xc1")],
)
async def test_octets_whose_record_is_lost_get_it_again(tmp_path: Path, damage: Any) -> None:
    house = await open_house(tmp_path)
    await damage(house)
    assert any("its record is missing or cannot be read" in fault for fault in await faults(house, quick=True))
    result = await mend(house)
    assert (len(result.mended), result.left) == (1, [])
    assert await faults(house) == []


async def test_a_small_letter_of_two_whose_record_is_lost_is_counted_again(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    await send(house, SMALL, BOB)
    assert await faults(house) == []
    await house.store.write(delete_raw, BLOB.key(SMALL_HASH))
    assert await faults(house) == [f"blob {SMALL_HASH.hex()}: 2 messages show it, 1 are counted"]
    assert (await mend(house)).left == []
    assert await faults(house) == []


async def test_octets_that_were_damaged_with_their_record_are_not_taken(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    (file,) = house.files()
    file.write_bytes(file.read_bytes().replace(b"0123", b"0124"))
    await house.store.write(delete_raw, BLOB.key(LARGE_HASH))
    result = await mend(house)
    assert (result.mended, len(result.left)) == ([], 3)


async def test_counts_are_put_right_though_others_hold_and_release(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    await changed(BLOB.key(LARGE_HASH), lambda txn: read_record(txn, LARGE_HASH), count=9)(house)
    miscounts = await house.store.read(find_miscounts, b"", b"\xff" * 32)
    for _ in range(2):
        await send(house, LARGE, ALICE)
    await house.store.write(store_flags, ALICE, 1, [(2, 2)], FlagChange("add", DELETED), None)
    await house.store.write(expunge, ALICE, 1, [EVERY], NOW)
    await house.store.write(mend_miscounts, miscounts, NOW)
    assert await faults(house) == []


async def test_a_message_that_nothing_shows_comes_back(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    await house.store.write(delete_raw, ITEM.key(ALICE, 1, 1))
    await house.store.write(put_raw, ITEM.key(BOB, 1, 1), b"\x07")  # his other place is left
    await mend(house)
    recovered = await house.store.read(find_mailbox, ALICE, "Recovered")
    assert [row.size for row in await house.store.read(rows, ALICE, recovered.id, 1, 10, 10, 0)] == [len(SMALL)]
    with pytest.raises(NoSuchMailbox):
        await house.store.read(find_mailbox, BOB, "Recovered")
    assert await faults(house) == []


async def test_expunged_mail_is_known(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    await house.store.write(store_flags, ALICE, 1, [(1, 2)], FlagChange("add", DELETED), None)
    await house.store.write(expunge, ALICE, 1, [EVERY], NOW)
    assert await faults(house) == []
    key = EXPUNGED.key(ALICE, NOW, (await house.store.read(query(read_sequence), ALICE)).modseq, 1, 1)
    await house.store.write(delete_raw, MESSAGE.key(ALICE, 1))
    assert any("1 of its messages are not there" in fault for fault in await faults(house))
    await mend(house)
    assert await faults(house) == []
    await house.store.write(put_raw, key, b"\xc1")
    assert any(f"expunged at {NOW}" in fault for fault in await faults(house))
    await mend(house)
    assert await shown_letters(house, ALICE) == {LARGE_HASH}  # it stands in no record: so it is shown
    assert await faults(house) == []


async def test_counts_are_not_lowered_while_a_message_cannot_be_read(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    await house.store.write(put_raw, MESSAGE.key(ALICE, 1), b"\xc1")
    result = await mend(house)
    assert (result.mended, len(result.left)) == ([], 1)
    record: list[Any] = []
    await house.store.read(query(lambda txn: record.append(read_record(txn, SMALL_HASH))))
    assert record[0].count == 1


@pytest.mark.parametrize("damage", ["garbage", "cut", "gone"])
async def test_no_damage_stops_anything(tmp_path: Path, damage: str) -> None:
    """Each record in its turn: what is found is mended or said to be left, and no letter is lost by mending."""
    house = await open_house(tmp_path)
    await house.store.write(transfer, ALICE, 1, [(2, 2)], Found(BOB, "INBOX", "INBOX", ALL), True, NOW)
    sound: dict[bytes, bytes] = {}
    await house.store.read(query(lambda txn: sound.update(txn.scan(b"\x01", b"\xff"))))
    for key, value in sound.items():
        if damage == "gone":
            await house.store.write(delete_raw, key)
        else:
            await house.store.write(put_raw, key, b"\xc1" if damage == "garbage" else value[:-1])
        found = await faults(house)
        result = await mend(house)
        assert bool(found) == bool(result.mended or result.left), key
        left = await faults(house)
        assert sorted(left) == sorted(f"{fault.where}: {fault.what}" for fault in result.left), key
        if key[0] != MESSAGE.tag:
            assert await shown_letters(house, ALICE) == {SMALL_HASH, LARGE_HASH}, key
            assert await shown_letters(house, BOB) == {LARGE_HASH}, key
        await house.store.write(put_all, sound)


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

    busy: Any = Busy()
    report = await verify(busy, house.blobs, MimeLimits(), quick=False, address=None, done=lambda _: None)
    assert report.faults == []
