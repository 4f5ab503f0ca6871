"""What was before: earlier contents and the trash. What is said of files beside their contents."""

from __future__ import annotations

import msgspec
import pytest

from posthouse.core.accounts.accounts import AccountChange, change_account, delete_account
from posthouse.core.accounts.errors import NoSuchAccount
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.copying import begin_copy, copy_one, copy_some
from posthouse.core.files.describing import MAX_NAME_OCTETS, FileChange, change_file, describe, properties_of, tags_of
from posthouse.core.files.erasing import erase_files, remove
from posthouse.core.files.errors import (
    ConditionFailed,
    FileExists,
    NoSuchFile,
    NoSuchRevision,
    NotInTrash,
    TooManyProperties,
)
from posthouse.core.files.locks import LockWish, lock
from posthouse.core.files.moving import Target, move
from posthouse.core.files.names import numbered
from posthouse.core.files.records import ROOT, STAGING
from posthouse.core.files.revisions import (
    contents_place,
    drop_revisions,
    list_revisions,
    old_revisions,
    restore_revision,
    revision_place,
)
from posthouse.core.files.trash import accounts_to_empty, empty_trash, erase_from_trash, list_trash, restore
from posthouse.core.files.tree import list_folder
from posthouse.core.mail.erase import erase_some
from posthouse.storage.contract import ReadTransaction, Store, query
from posthouse.storage.spaces import CHANGE, COLLECTION, ITEM, SEQUENCE
from tests.unit.core.filehouse import (
    DAY,
    LIMITS,
    ME,
    NOW,
    at,
    erase_all,
    folders,
    names,
    node,
    octets_held,
    put,
    records,
    sound,
    tree,
    with_account,
)


async def test_what_a_document_had_can_be_had_again(store: Store) -> None:
    await with_account(store)
    for number in range(4):
        await put(store, "a", f"contents {number}", now=NOW + number)
    await put(store, "a", "contents 3", now=NOW + 9)
    a = await node(store, "a")
    held = await store.read(list_revisions, 1, a)
    assert [(number, earlier.modified, earlier.replaced) for number, earlier in held] == [
        (number, NOW + number - 1, NOW + number) for number in (1, 2, 3)
    ]
    place = await store.read(revision_place, 1, a, 1)
    assert place.inline == b"contents 0"
    with pytest.raises(NoSuchRevision):
        await store.read(revision_place, 1, a, 4)
    with pytest.raises(ConditionFailed):
        await store.write(restore_revision, 1, a, 1, Conditions(1, match=("x",)), LIMITS, NOW)
    entry = await store.write(restore_revision, 1, a, 1, ME, LIMITS, NOW + 20)
    assert entry.hash == place.hash
    assert await store.read(contents_place, entry.hash) == place
    assert len(await store.read(list_revisions, 1, a)) == 4
    with pytest.raises(NoSuchRevision):
        await store.write(restore_revision, 1, a, 9, ME, LIMITS, NOW)
    assert await store.write(drop_revisions, 1, [(a, 1), (a, 2), (a, 99)], NOW) == 2
    assert await octets_held(store) == 30
    await sound(store)


async def test_only_so_many_are_kept_and_for_so_long(store: Store) -> None:
    await with_account(store)
    for number in range(6):
        await put(store, "a", str(number), now=NOW + number * DAY, revisions=3)
    a = await node(store, "a")
    assert [number for number, _ in await store.read(list_revisions, 1, a)] == [3, 4, 5]
    await put(store, "b", "x", revisions=0)
    await put(store, "b", "y", revisions=0)
    assert await store.read(list_revisions, 1, await node(store, "b")) == []
    await sound(store)
    first = await store.read(old_revisions, b"", NOW + 5 * DAY, 2)
    assert first.old == [(1, a, 3), (1, a, 4)]
    second = await store.read(old_revisions, first.next, NOW + 5 * DAY, 2)
    assert (second.old, second.next) == ([], b"")


async def test_the_trash_gives_back(store: Store) -> None:
    await with_account(store)
    await folders(store, "docs", "docs/sub")
    await put(store, "docs/sub/letter.txt", "one")
    sub = await node(store, "docs/sub")
    letter = await node(store, "docs/sub/letter.txt")
    await store.write(remove, 1, letter, True, ME, NOW)
    await store.write(remove, 1, sub, True, ME, NOW + 1)
    assert list(await tree(store)) == ["docs"]
    assert await octets_held(store) == 3, "the trash counts"
    shown = await store.read(list_trash, 1, "", 10)
    assert [(each.name, each.folder, each.discarded) for each in shown] == [
        ("letter.txt", None, NOW),
        ("sub", ["docs"], NOW + 1),
    ]
    assert [each.name for each in await store.read(list_trash, 1, shown[0].key, 10)] == ["sub"]
    await sound(store)
    with pytest.raises(NoSuchFile):
        await store.write(remove, 1, letter, True, ME, NOW)
    back = await store.write(restore, 1, sub, None, None, ME, LIMITS, NOW)
    assert (back.folder, back.name) == (await node(store, "docs"), "sub")
    await put(store, "docs/sub/letter.txt", "another")
    await put(store, "docs/sub/letter (2).txt", "yet another")
    back = await store.write(restore, 1, letter, None, None, ME, LIMITS, NOW)
    assert (back.folder, back.name) == (sub, "letter (3).txt")
    with pytest.raises(NotInTrash):
        await store.write(restore, 1, letter, None, None, ME, LIMITS, NOW)
    await store.write(remove, 1, letter, True, ME, NOW)
    with pytest.raises(FileExists):
        await store.write(restore, 1, letter, ROOT, "docs", ME, LIMITS, NOW)
    await store.write(remove, 1, sub, False, ME, NOW)
    back = await store.write(restore, 1, letter, None, None, ME, LIMITS, NOW)
    assert back.folder == ROOT, "its folder is gone"
    await erase_all(store)
    await sound(store)


async def test_the_trash_is_emptied_by_age(store: Store) -> None:
    await with_account(store)
    await folders(store, "old", "old/sub", "young")
    await put(store, "old/sub/file", "12345")
    await store.write(remove, 1, await node(store, "old"), True, ME, NOW)
    young = await node(store, "young")
    await store.write(remove, 1, young, True, ME, NOW + DAY)
    assert await store.read(accounts_to_empty, 0, NOW, NOW, 10) == [(1, False)]
    assert await store.read(accounts_to_empty, 0, NOW + 1, NOW, 10) == [(1, True)]
    assert await store.read(accounts_to_empty, 1, NOW + 1, NOW, 10) == []
    assert not await store.write(empty_trash, 1, NOW + 1, NOW, 1, NOW)
    assert await store.write(empty_trash, 1, NOW + 1, NOW, 1, NOW)
    assert [each.name for each in await store.read(list_trash, 1, "", 10)] == ["young"]
    await sound(store)
    await erase_all(store, 1)
    assert await octets_held(store) == 0
    await store.write(erase_from_trash, 1, young, NOW)
    with pytest.raises(NotInTrash):
        await store.write(erase_from_trash, 1, young, NOW)
    assert await store.read(records) == {"80": 1}
    await sound(store)


async def test_a_copy_that_was_never_finished_goes(store: Store) -> None:
    await with_account(store)
    await folders(store, "a")
    await put(store, "a/b", "12345")
    copying = await store.write(begin_copy, 1, await node(store, "a"), 1, 1, LIMITS, NOW)
    await store.write(copy_some, copying, 10, ME, LIMITS, NOW)
    assert await octets_held(store) == 10
    assert await store.write(empty_trash, 1, 0, NOW, 10, NOW)
    assert len(await store.read(list_folder, 1, STAGING, "", 10)) == 1
    assert await store.read(accounts_to_empty, 0, 0, NOW + 1, 10) == [(1, True)]
    await store.write(empty_trash, 1, 0, NOW + 1, 10, NOW)
    await erase_all(store)
    assert await octets_held(store) == 5
    with pytest.raises(NoSuchFile):
        await store.write(copy_some, copying, 10, ME, LIMITS, NOW)
    await sound(store)


def test_numbered_names_stay_short_enough() -> None:
    assert numbered("a.txt")[:2] == ["a (2).txt", "a (3).txt"]
    assert numbered(".hidden")[0] == ".hidden (2)"
    assert numbered("no")[0] == "no (2)"
    for name in ("ä" * 127, "x" * 251 + ".txt", "y." + "z" * 253):
        assert all(len(other.encode()) <= 255 for other in numbered(name))


async def test_properties_times_tags_and_a_note(store: Store) -> None:
    await with_account(store)
    await folders(store, "docs")
    file = await put(store, "docs/file")
    change = FileChange([("{x}a", b"1"), ("{x}b", b"2")], 5, 6, "image/png", "remember", ("red", "urgent"))
    entry = await store.write(change_file, 1, file.node, change, ME, LIMITS, NOW)
    assert (entry.properties, entry.created, entry.modified, entry.media_type) == (2, 5, 6, "image/png")
    assert (entry.etag, await at(store, "docs/file")) == (file.etag, entry)
    described = await store.read(describe, 1, file.node)
    assert described.properties == {"{x}a": b"1", "{x}b": b"2"}
    assert (described.tags, described.note) == (["red", "urgent"], "remember")
    await sound(store)
    await store.write(move, 1, file.node, Target(ROOT, "moved"), ME, LIMITS, NOW)
    await put(store, "moved", "other")
    assert await store.read(describe, 1, file.node) == described
    copied = (await store.write(copy_one, 1, file.node, Target(ROOT, "copy"), ME, LIMITS, NOW)).entry
    assert await store.read(properties_of, 1, copied.node) == described.properties
    await store.write(change_file, 1, file.node, FileChange([("{x}a", None), ("{x}c", None)], tags=()), ME, LIMITS, NOW)
    assert await store.read(properties_of, 1, file.node) == {"{x}b": b"2"}
    assert await store.read(tags_of, 1, [file.node, copied.node]) == [[], []]
    assert await store.write(change_file, 1, ROOT, FileChange([("p", b"v")]), ME, LIMITS, NOW)
    root = await at(store, "")
    assert root is not None
    assert root.properties == 1
    await sound(store)
    await store.write(remove, 1, file.node, False, ME, NOW)
    assert (await store.read(records))["84"] == 3
    await sound(store)


async def test_properties_are_bounded_and_all_or_none(store: Store) -> None:
    await with_account(store)
    file = await put(store, "file")
    few = msgspec.structs.replace(LIMITS, properties=2, property_octets=200)
    for bad in (
        [("a", b""), ("b", b""), ("c", b"")],
        [("a", b"x" * 200)],
        [("n" * (MAX_NAME_OCTETS + 1), b"")],
    ):
        with pytest.raises(TooManyProperties):
            await store.write(change_file, 1, file.node, FileChange(list(bad)), ME, few, NOW)
    with pytest.raises(TooManyProperties):
        await store.write(change_file, 1, file.node, FileChange(note="x" * 100_001), ME, few, NOW)
    assert await store.read(properties_of, 1, file.node) == {}
    await store.write(change_file, 1, file.node, FileChange([("n" * MAX_NAME_OCTETS, b"")]), ME, LIMITS, NOW)
    await sound(store)


async def test_an_earlier_one_comes_back_where_there_is_no_room_for_both(store: Store) -> None:
    await with_account(store)
    await put(store, "a", "long contents")
    await put(store, "a", "short")
    await store.write(change_account, "ann@example.org", AccountChange(quota_octets=18))
    a = await node(store, "a")
    assert (await store.write(restore_revision, 1, a, 1, ME, LIMITS, NOW)).size == 13
    assert await store.read(list_revisions, 1, a) == []
    assert await octets_held(store) == 13
    await sound(store)


@query
def left(txn: ReadTransaction) -> dict[str, int]:
    spaces = (COLLECTION, ITEM, CHANGE, SEQUENCE)
    return {space.name: sum(1 for _ in txn.scan(*space.range(1))) for space in spaces}


async def test_an_erased_account_leaves_nothing(store: Store) -> None:
    await with_account(store)
    await folders(store, "a", "a/b", "c", "c/d")
    for path in ("a/b/one", "a/two", "c/d/three"):
        await put(store, path, path)
        await put(store, path, path + " again")
    file = await node(store, "a/two")
    await store.write(change_file, 1, file, FileChange([("p", b"v")], tags=("red",)), ME, LIMITS, NOW)
    await store.write(lock, 1, file, LockWish("t", True, False, "", NOW + DAY), ME, LIMITS, NOW)
    await store.write(remove, 1, await node(store, "a/b"), True, ME, NOW)
    await store.write(remove, 1, await node(store, "c"), False, ME, NOW)
    await store.write(delete_account, "ann@example.org", NOW)
    steps = 1
    while not await store.write(erase_files, 1, 3, NOW):
        steps += 1
    assert steps > 5
    with pytest.raises(NoSuchAccount):  # a session that has not heard of it yet
        await put(store, "new")
    assert await store.read(records) == {}
    while not await store.write(erase_some, 1, 100, NOW):
        pass
    assert await store.read(left) == {"collection": 0, "item": 0, "change": 0, "sequence": 0}
    assert await names(store) == []
