"""Every kind of damage to files is found and named, and mended where what is here suffices; nothing is lost by it."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from posthouse.admin.rebuild import rebuild
from posthouse.admin.verify import verify
from posthouse.core.files.copying import copy_one
from posthouse.core.files.describing import FileChange, change_file, describe
from posthouse.core.files.erasing import remove
from posthouse.core.files.locks import LockWish, lock
from posthouse.core.files.moving import Target
from posthouse.core.files.records import (
    ENCODER,
    FIRST_NODE,
    ROOT,
    Earlier,
    Entry,
    FileTree,
    LinkRecord,
    LockRecord,
    Place,
)
from posthouse.core.files.trash import list_trash, restore
from posthouse.core.files.tree import files_collection
from posthouse.core.files.watching import Watch
from posthouse.core.files.writing import Document, put_document
from posthouse.core.sharing.grants import AclRecord
from posthouse.core.sharing.rights import PRESETS
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.collections import write_collection
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.items import Item
from posthouse.storage.spaces import (
    COLLECTION,
    FILE_ACL,
    FILE_CHILD,
    FILE_DEED,
    FILE_GRANT,
    FILE_LINK,
    FILE_LOCK,
    FILE_NODE,
    FILE_PROPERTY,
    FILE_REVISION,
    FILE_TREE,
    FILE_WATCH,
    ITEM,
)
from tests.unit.admin.house import House, delete_raw, open_house, put_raw
from tests.unit.core.filehouse import LIMITS, ME, NOW, folders, node, octets_held, put, share, tree

TREE = 7  # the collection: behind those of mail
DOCS, SUB, LETTER, BIG = range(FIRST_NODE, FIRST_NODE + 4)
LARGE = b"large contents" * 1000

Damage = Callable[[House], Awaitable[None]]


async def open_filed(directory: Path) -> House:
    """Alice's house with docs/sub/letter, which has a revision, a property, a tag, a lock; large and two copies."""
    house = await open_house(directory)
    store = house.store
    assert await folders(store, "docs", "docs/sub") == [DOCS, SUB]
    assert (await put(store, "docs/sub/letter", "first")).node == LETTER
    await put(store, "docs/sub/letter", "second")
    writer = house.blobs.writer()
    writer.write(LARGE)
    document = Document(await writer.finish(), "text/plain")
    assert (await store.write(put_document, 1, ROOT, "large", document, ME, LIMITS, NOW)).entry.node == BIG
    await store.write(copy_one, 1, BIG, Target(DOCS, "copy"), ME, LIMITS, NOW)
    await store.write(change_file, 1, LETTER, FileChange([("p", b"v")], note="n", tags=("red",)), ME, LIMITS, NOW)
    await store.write(lock, 1, LETTER, LockWish("t", True, False, "", NOW + 1000), ME, LIMITS, NOW)
    await share(store, "docs", "bob@example.org", PRESETS["read"])
    await put(store, "old", "old")
    await store.write(remove, 1, await node(store, "old"), True, ME, NOW)
    return house


async def faults(house: House, *, quick: bool = True) -> list[str]:
    report = await verify(house.store, house.blobs, MimeLimits(), quick=quick, address=None, done=lambda _: None)
    return [f"{fault.where}: {fault.what}" for fault in report.faults]


async def mend(house: House) -> list[str]:
    """Rebuild; what it could not mend."""
    done = await rebuild(house.store, house.blobs, MimeLimits(), address=None, now=lambda: NOW, done=lambda _: None)
    return [fault.what for fault in done.left]


def gone(key: bytes) -> Damage:
    async def work(house: House) -> None:
        await house.store.write(delete_raw, key)

    return work


def raw(key: bytes, value: bytes) -> Damage:
    async def work(house: House) -> None:
        await house.store.write(put_raw, key, value)

    return work


def otherwise(key: bytes, kind: type[msgspec.Struct], **fields: object) -> Damage:
    async def work(house: House) -> None:
        value = await house.store.read(raw_value, key)
        record = msgspec.structs.replace(msgspec.msgpack.decode(value, type=kind), **fields)
        await house.store.write(put_raw, key, ENCODER.encode(record))

    return work


@query
def raw_value(txn: ReadTransaction, key: bytes) -> bytes:
    return txn.get(key) or b""


@operation
def miscount(txn: WriteTransaction) -> None:
    found = files_collection(txn, 1)
    assert found is not None
    found[1].exists, found[1].size, found[1].uid_next = 99, 1, 3
    write_collection(txn, 1, *found)


async def wrong_counts(house: House) -> None:
    await house.store.write(miscount)


LETTER_KEY, SUB_KEY = FILE_CHILD.key(1, SUB, "letter"), FILE_CHILD.key(1, DOCS, "sub")
STRAY = Entry(LETTER, False, b"h" * 32, 1, "", 1, 1, 1)
EARLIER = Earlier(hashlib.sha256(LARGE).digest(), len(LARGE), "", 1, 1, 1)


async def test_sound_files(tmp_path: Path) -> None:
    house = await open_filed(tmp_path)
    assert await faults(house, quick=False) == []
    before = await tree(house.store)
    assert await mend(house) == []
    assert await tree(house.store) == before


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (gone(FILE_TREE.key(1)), "which collection they are is not known"),
        (raw(FILE_TREE.key(1), b"\xc1"), "which collection they are is not known"),
        (raw(FILE_TREE.key(1), ENCODER.encode(FileTree(1))), "which collection they are is not known"),
        (gone(COLLECTION.key(1, TREE)), "and no record"),
        (raw(COLLECTION.key(1, TREE), b"\xc1"), "its record cannot be read"),
        (wrong_counts, "exists is 99 and should be 6"),
        (gone(FILE_NODE.key(1, SUB)), "it hangs elsewhere than its place says"),
        (raw(FILE_NODE.key(1, SUB), b"\xc1"), "where it hangs cannot be read"),
        (otherwise(FILE_NODE.key(1, SUB), Place, parent=ROOT), "it hangs elsewhere than its place says"),
        (raw(FILE_NODE.key(1, 99), ENCODER.encode(Place(ROOT, "x"))), "it has a place and no entry"),
        (raw(FILE_CHILD.key(1, ROOT, "again"), ENCODER.encode(STRAY)), "it hangs in two places"),
        (raw(FILE_CHILD.key(1, ROOT, "Again"), ENCODER.encode(STRAY)), "it hangs in two places"),
        (gone(ITEM.key(1, TREE, LETTER)), "its item is missing"),
        (raw(ITEM.key(1, TREE, LETTER), b"\x07"), "its item cannot be read"),
        (raw(ITEM.key(1, TREE, 99), Item(0, 1, 0, 1, 1, 1).encode()), "its item is there without it"),
        (raw(FILE_PROPERTY.key(1, LETTER, "more"), b""), "it has 2 properties, 1 are counted"),
        (raw(FILE_PROPERTY.key(1, 99, "more"), b""), "a property is there without it"),
        (raw(FILE_LOCK.key(1, 99, "t"), b"\xc1"), "a lock cannot be read"),
        (
            raw(FILE_LOCK.key(1, 99, "t"), ENCODER.encode(LockRecord(True, True, 1, "", 1, 1))),
            "a lock is there without it",
        ),
        (raw(FILE_LINK.key(1, LETTER, b"h" * 32), b"\xc1"), "a share link cannot be read"),
        (
            raw(FILE_LINK.key(1, 99, b"h" * 32), ENCODER.encode(LinkRecord("read", 1, 1))),
            "a share link is there without",
        ),
        (raw(FILE_WATCH.key(1, DOCS, 2), b"\xc1"), "a wish to be told of changes cannot be read"),
        (raw(FILE_WATCH.key(1, 99, 2), ENCODER.encode(Watch(1, "domain"))), "a wish to be told of changes is there"),
        (raw(FILE_DEED.key(1, DOCS, 2, 1, 1, 1), b"\xc1"), "a change is to be told to nobody"),
        (raw(FILE_ACL.key(1, 99), ENCODER.encode(AclRecord(()))), "it is gone, and its access-control list is here"),
        (gone(FILE_GRANT.key("account 2", 1, DOCS)), "account 2 is not found to have it shared"),
        (raw(FILE_GRANT.key("account 2", 1, SUB), b""), "account 2 finds it, and it is not shared with it"),
        (raw(FILE_REVISION.key(1, LETTER, 5), ENCODER.encode(EARLIER)), "it is revision 2, and there is an earlier 5"),
        (raw(FILE_REVISION.key(1, 99, 5), ENCODER.encode(EARLIER)), "a revision is there without it"),
        (raw(FILE_REVISION.key(1, LETTER, 1), b"\xc1"), "revision 1 cannot be read"),
    ],
)
async def test_damage_is_found_and_mended(tmp_path: Path, damage: Damage, said: str) -> None:
    house = await open_filed(tmp_path)
    before = await tree(house.store)
    await damage(house)
    found = await faults(house)
    assert any(said in fault for fault in found), found
    assert await mend(house) == []
    assert await faults(house) == []
    assert await tree(house.store) == before
    (trashed,) = await house.store.read(list_trash, 1, "", 9)
    await house.store.write(restore, 1, trashed.entry.node, None, None, ME, LIMITS, NOW)
    await put(house.store, "docs/new", "can be written")
    assert await faults(house) == []


@pytest.mark.parametrize("parent", [99, SUB, BIG, LETTER])
async def test_what_hangs_on_nothing_is_shown_under_the_root(tmp_path: Path, parent: int) -> None:
    house = await open_filed(tmp_path)
    before = await tree(house.store)
    value = await house.store.read(raw_value, SUB_KEY)
    await house.store.write(delete_raw, SUB_KEY)
    await house.store.write(put_raw, FILE_CHILD.key(1, parent, "sub"), value)
    place = ENCODER.encode(Place(parent, "sub"))
    await house.store.write(put_raw, FILE_NODE.key(1, SUB), place)
    assert any("it hangs on no folder" in fault for fault in await faults(house))
    assert await mend(house) == []
    assert await faults(house) == []
    after = await tree(house.store)
    assert len(after) == len(before)
    assert f"Recovered {SUB}/letter" in after
    described = await house.store.read(describe, 1, LETTER)
    assert (described.note, described.tags, described.properties) == ("n", ["red"], {"p": b"v"})


async def test_an_entry_that_cannot_be_read_is_left_for_a_backup(tmp_path: Path) -> None:
    house = await open_filed(tmp_path)
    held, usage = await house.store.read(raw_value, SUB_KEY), await octets_held(house.store)
    await house.store.write(put_raw, SUB_KEY, b"\xc1")
    found = await faults(house)
    assert any("the entry of 'sub' in 16 cannot be read" in fault for fault in found), found
    assert await mend(house) == [f"the entry of 'sub' in {DOCS} cannot be read"]
    await house.store.write(put_raw, SUB_KEY, held)
    await mend(house)
    assert await faults(house) == []
    assert await octets_held(house.store) == usage
    assert "docs/sub/letter" in await tree(house.store)


async def test_contents_that_are_damaged_are_named(tmp_path: Path) -> None:
    house = await open_filed(tmp_path)
    file = next(path for path in house.files() if path.stat().st_size > len(LARGE))
    octets = bytearray(file.read_bytes())
    octets[100] ^= 1
    file.write_bytes(octets)
    assert await faults(house) == []
    found = await faults(house, quick=False)
    assert found == [
        f"account 1, contents {hashlib.sha256(LARGE).hexdigest()}: their octets are not what was stored"
    ], found


async def test_a_blob_that_files_hold_and_nothing_counts(tmp_path: Path) -> None:
    house = await open_filed(tmp_path)
    await gone(FILE_CHILD.key(1, DOCS, "copy"))(house)
    found = await faults(house)
    assert any("1 messages show it, 2 are counted" in fault for fault in found), found
    assert await mend(house) == []
    assert await faults(house) == []
