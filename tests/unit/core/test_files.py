"""Folders and documents: made, written, moved, deleted; whatever happens, everything stays in step."""

from __future__ import annotations

import random

import msgspec
import pytest

from posthouse.core.accounts.accounts import AccountChange, change_account
from posthouse.core.accounts.errors import NoSuchAccount, OverQuota
from posthouse.core.files.changes import file_changes
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.copying import copy_one, copy_tree
from posthouse.core.files.erasing import ERASE_FILES, finish_erasing, remove
from posthouse.core.files.errors import (
    ConditionFailed,
    FileExists,
    IntoItself,
    IsAFolder,
    NameNotAllowed,
    NoSuchFile,
    NotAFolder,
    TooDeep,
    TooManyFiles,
)
from posthouse.core.files.moving import Target, move
from posthouse.core.files.records import DOOMED, ROOT, STAGING, TRASH
from posthouse.core.files.tree import list_folder, paths_of, read_node, resolve, state
from posthouse.core.files.writing import make_folder, put_document
from posthouse.storage.contract import Store
from posthouse.storage.jobs import Room, list_jobs, take_jobs
from posthouse.storage.ranges import numbers
from tests.unit.core.filehouse import (
    LIMITS,
    ME,
    NOW,
    at,
    document,
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

NO_TRASH = msgspec.structs.replace(LIMITS, keeps_trash=False)


async def test_an_account_without_files_has_an_empty_root(store: Store) -> None:
    await with_account(store)
    assert await names(store) == []
    root = await at(store, "")
    assert root is not None
    assert (root.node, root.is_folder, root.etag) == (ROOT, True, "")
    assert (await store.read(resolve, 1, ["a", "b"])).parent == 0
    assert (await store.read(resolve, 1, ["a"])).parent == ROOT
    assert await store.read(state, 1) == 0
    await sound(store)


async def test_documents_are_written_and_read_back(store: Store) -> None:
    await with_account(store)
    await folders(store, "docs", "docs/deep")
    first = await put(store, "docs/deep/a.txt", "one")
    assert (first.size, first.media_type, first.created, first.modified, first.who) == (3, "text/plain", NOW, NOW, 1)
    second = await put(store, "docs/deep/a.txt", "three", now=NOW + 5)
    assert (second.node, second.size, second.created, second.modified) == (first.node, 5, NOW, NOW + 5)
    assert second.etag != first.etag
    assert await at(store, "docs/deep/a.txt") == second
    assert await names(store, "docs") == ["deep"]
    assert await store.read(paths_of, 1, [first.node, ROOT, 9999]) == [["docs", "deep", "a.txt"], [], None]
    assert await octets_held(store) == 8, "earlier contents count"
    found = await store.read(read_node, 1, first.node)
    assert (found.entry, found.place.name) == (second, "a.txt")
    await sound(store)


async def test_a_listing_is_read_by_pages_in_order(store: Store) -> None:
    await with_account(store)
    for number in (3, 1, 2):
        await put(store, f"{number}.txt", str(number))
    page = await store.read(list_folder, 1, ROOT, "", 2)
    assert [name for name, _ in page] == ["1.txt", "2.txt"]
    assert [name for name, _ in await store.read(list_folder, 1, ROOT, page[-1][0], 2)] == ["3.txt"]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\x00b", "tab\t", "\x7f", "ä" * 128, "x" * 256, "\x85"])
async def test_names_that_no_file_may_have(store: Store, name: str) -> None:
    await with_account(store)
    with pytest.raises(NameNotAllowed):
        await store.write(make_folder, 1, ROOT, name, ME, LIMITS, NOW)
    with pytest.raises(NameNotAllowed):
        await store.write(put_document, 1, ROOT, name, document("x"), ME, LIMITS, NOW)
    assert (await store.read(resolve, 1, [name])).entry is None


async def test_names_that_look_alike_are_one(store: Store) -> None:
    await with_account(store)
    await put(store, "Ame\u0301lie", "x")
    assert await names(store) == ["Am\u00e9lie"]
    assert await at(store, "Ame\u0301lie") == await at(store, "Am\u00e9lie") is not None
    await put(store, "x" * 255)
    await put(store, "AMÉLIE"), "case counts"
    assert len(await names(store)) == 3


async def test_what_stands_in_the_way_is_said(store: Store) -> None:
    await with_account(store)
    await folders(store, "docs")
    file = await put(store, "file")
    with pytest.raises(FileExists):
        await folders(store, "docs")
    with pytest.raises(FileExists):
        await folders(store, "file")
    with pytest.raises(IsAFolder):
        await put(store, "docs")
    with pytest.raises(NotAFolder):
        await store.write(make_folder, 1, file.node, "x", ME, LIMITS, NOW)
    with pytest.raises(NoSuchFile):
        await store.write(make_folder, 1, 777, "x", ME, LIMITS, NOW)
    for fixed in (TRASH, DOOMED, STAGING):
        with pytest.raises(NoSuchFile):
            await store.write(make_folder, 1, fixed, "x", ME, LIMITS, NOW)
    with pytest.raises(NoSuchAccount):
        await store.write(make_folder, 7, ROOT, "x", Conditions(7), LIMITS, NOW)
    assert (await store.read(resolve, 1, ["file", "below"])).parent == 0
    shallow = msgspec.structs.replace(LIMITS, depth=2)
    await folders(store, "docs/two", limits=shallow)
    with pytest.raises(TooDeep):
        await folders(store, "docs/two/three", limits=shallow)
    with pytest.raises(TooManyFiles):
        await put(store, "other", nodes=3)
    await put(store, "file", "can still be written", nodes=3)
    await sound(store)


async def test_conditions_are_looked_at_by_the_operation(store: Store) -> None:
    await with_account(store)
    entry = await put(store, "a", "one", Conditions(1, none_match=("*",)))
    with pytest.raises(ConditionFailed):
        await put(store, "a", "two", Conditions(1, none_match=("*",)))
    with pytest.raises(ConditionFailed):
        await put(store, "b", "two", Conditions(1, match=("*",)))
    with pytest.raises(ConditionFailed):
        await put(store, "a", "two", Conditions(1, match=("other",)))
    await put(store, "a", "two", Conditions(1, match=("other", entry.etag)))
    for refused in (Conditions(1, match=(entry.etag,)), Conditions(1, none_match=("*",))):
        with pytest.raises(ConditionFailed):
            await store.write(remove, 1, entry.node, True, refused, NOW)
        with pytest.raises(ConditionFailed):
            await store.write(move, 1, entry.node, Target(ROOT, "c"), refused, LIMITS, NOW)
        with pytest.raises(ConditionFailed):
            await store.write(copy_one, 1, entry.node, Target(ROOT, "c"), refused, LIMITS, NOW)
    assert await names(store) == ["a"]


async def test_the_quota_holds_and_earlier_contents_make_place(store: Store) -> None:
    await with_account(store)
    await store.write(change_account, "ann@example.org", AccountChange(quota_octets=10))
    await put(store, "a", "12345")
    await put(store, "a", "abcd")
    assert await octets_held(store) == 9
    await put(store, "a", "1234567")
    assert await octets_held(store) == 7, "what it had before is gone"
    await sound(store)
    with pytest.raises(OverQuota):
        await put(store, "a", "12345678901")
    with pytest.raises(OverQuota):
        await put(store, "b", "1234")
    with pytest.raises(OverQuota):
        await store.write(copy_one, 1, await node(store, "a"), Target(ROOT, "b"), ME, LIMITS, NOW)
    assert await names(store) == ["a"]
    assert await octets_held(store) == 7
    await sound(store)


async def test_a_folder_moves_with_all_that_is_in_it(store: Store) -> None:
    await with_account(store)
    await folders(store, "a", "a/b", "target")
    await put(store, "a/b/file")
    moved = await store.write(
        move, 1, await node(store, "a"), Target(await node(store, "target"), "A"), ME, LIMITS, NOW
    )
    assert moved.is_new
    assert list(await tree(store)) == ["target", "target/A", "target/A/b", "target/A/b/file"]
    await store.write(move, 1, moved.entry.node, Target(await node(store, "target"), "Z"), ME, LIMITS, NOW)
    assert await store.read(paths_of, 1, [await node(store, "target/Z/b/file")]) == [["target", "Z", "b", "file"]]
    await sound(store)


async def test_nothing_moves_into_itself_or_over_what_it_is_in(store: Store) -> None:
    await with_account(store)
    a, b = await folders(store, "a", "a/b")
    for folder in (a, b):
        for overwrite in (False, True):
            target = Target(folder, "x", overwrite)
            with pytest.raises(IntoItself):
                await store.write(move, 1, a, target, ME, LIMITS, NOW)
            with pytest.raises(IntoItself):
                await store.write(copy_one, 1, a, target, ME, LIMITS, NOW)
    with pytest.raises(IntoItself):
        await store.write(move, 1, b, Target(ROOT, "a", True), ME, LIMITS, NOW)
    with pytest.raises(IntoItself):
        await store.write(move, 1, ROOT, Target(a, "root"), ME, LIMITS, NOW)
    with pytest.raises(IntoItself):
        await store.write(copy_one, 1, a, Target(ROOT, "a", True), ME, LIMITS, NOW)
    with pytest.raises(NoSuchFile):
        await store.write(remove, 1, ROOT, False, ME, NOW)
    assert not (await store.write(move, 1, a, Target(ROOT, "a"), ME, LIMITS, NOW)).is_new
    assert list(await tree(store)) == ["a", "a/b"]
    await sound(store)


async def test_what_a_move_replaces_goes_to_the_trash_or_for_good(store: Store) -> None:
    await with_account(store)
    one = await put(store, "one", "1")
    await put(store, "two", "2")
    with pytest.raises(FileExists):
        await store.write(move, 1, one.node, Target(ROOT, "two"), ME, LIMITS, NOW)
    moved = await store.write(move, 1, one.node, Target(ROOT, "two", True), ME, LIMITS, NOW)
    assert not moved.is_new
    assert await names(store) == ["two"]
    assert len(await store.read(list_folder, 1, TRASH, "", 10)) == 1
    await folders(store, "folder", "folder/sub")
    await store.write(move, 1, one.node, Target(ROOT, "folder", True), ME, NO_TRASH, NOW)
    assert await names(store) == ["folder"]
    assert len(await store.read(list_folder, 1, TRASH, "", 10)) == 1
    await sound(store)
    await erase_all(store)
    assert await octets_held(store) == 2
    await sound(store)


async def test_what_is_deleted_for_good_is_gone_at_once_and_erased_little_by_little(store: Store) -> None:
    await with_account(store)
    await folders(store, "top", *[f"top/{number}" for number in range(5)])
    for number in range(5):
        for other in range(6):
            await put(store, f"top/{number}/{other}", f"{number}{other}")
    await put(store, "stays")
    top = await node(store, "top")
    inner = await node(store, "top/3")
    since = await store.read(state, 1)
    await store.write(remove, 1, top, False, ME, NOW)
    assert await names(store) == ["stays"]
    with pytest.raises(NoSuchFile):
        await store.write(make_folder, 1, inner, "x", ME, LIMITS, NOW)
    with pytest.raises(NoSuchFile):
        await store.write(remove, 1, inner, False, ME, NOW)
    assert [job.kind for job in await store.read(list_jobs, 0, 10)] == [ERASE_FILES]
    await sound(store)
    assert await erase_all(store, 4) > 8
    assert await octets_held(store) == 5
    assert await store.read(records) == {"80": 1, "81": 1, "82": 1}
    changes = await store.read(file_changes, 1, since, 100)
    assert changes.left == [(ROOT, "top")], "whoever hears that knows what went with it"
    assert len(list(numbers(changes.destroyed))) == 36
    await sound(store)


async def test_the_job_looks_again_before_it_ends(store: Store) -> None:
    await with_account(store)
    for name in ("a", "b"):
        await folders(store, name, f"{name}/sub")
    await store.write(remove, 1, await node(store, "a"), False, ME, NOW)
    (job,) = await store.write(take_jobs, [Room([ERASE_FILES], 1)], NOW, 60_000, "me")
    await erase_all(store)
    await store.write(remove, 1, await node(store, "b"), False, ME, NOW)
    assert await store.write(finish_erasing, job.lease, job.body, NOW)
    assert [other.state for other in await store.read(list_jobs, 0, 10)] == ["waiting"]
    (job,) = await store.write(take_jobs, [Room([ERASE_FILES], 1)], NOW, 60_000, "me")
    await erase_all(store)
    assert await store.write(finish_erasing, job.lease, job.body, NOW)
    assert await store.read(list_jobs, 0, 10) == []
    assert not await store.write(finish_erasing, job.lease, job.body, NOW)


async def test_what_changed_since_is_told_with_the_names_that_were_left(store: Store) -> None:
    await with_account(store)
    (docs,) = await folders(store, "docs")
    since = await store.read(state, 1)
    one = await put(store, "docs/one", "1")
    changes = await store.read(file_changes, 1, since, 100)
    assert (list(numbers(changes.created)), changes.left, changes.is_complete) == ([one.node], [], True)
    since = changes.modseq
    await store.write(move, 1, one.node, Target(ROOT, "uno"), ME, LIMITS, NOW)
    await put(store, "docs/one", "another")
    await put(store, "uno", "11")
    changes = await store.read(file_changes, 1, since, 100)
    assert (list(numbers(changes.created)), list(numbers(changes.updated))) == ([one.node + 1], [one.node])
    assert changes.left == [(docs, "one")]
    page = await store.read(file_changes, 1, since, 1)
    assert (page.modseq, page.more, page.created) == (since + 1, True, [])
    since = changes.modseq
    await store.write(remove, 1, docs, True, ME, NOW)
    changes = await store.read(file_changes, 1, since, 100)
    assert (changes.updated, changes.left) == ([(docs, docs)], [(ROOT, "docs")])
    assert await store.read(paths_of, 1, [docs, one.node + 1]) == [None, None]
    await store.write(remove, 1, one.node, False, ME, NOW)
    changes = await store.read(file_changes, 1, changes.modseq, 100)
    assert (changes.destroyed, changes.left) == ([(one.node, one.node)], [(ROOT, "uno")])
    ahead = await store.read(file_changes, 1, changes.modseq + 1, 100)
    assert not ahead.is_complete
    current = await store.read(file_changes, 1, changes.modseq, 100)
    assert (current.is_complete, current.modseq) == (True, changes.modseq)


async def test_whatever_is_done_everything_is_in_step(store: Store) -> None:
    await with_account(store)
    choice = random.Random(7)
    await folders(store, "f0")
    for _ in range(120):
        paths = list(await tree(store))
        holders = ["", *[path for path, what in (await tree(store)).items() if what == "folder"]]
        above = choice.choice(holders)
        target = Target(await node(store, above), f"n{choice.randrange(6)}", choice.random() < 0.7)
        limits = choice.choice((LIMITS, NO_TRASH))
        some = await node(store, choice.choice(paths)) if paths else ROOT
        what = choice.randrange(6)
        try:
            if what == 0:
                await store.write(make_folder, 1, target.folder, target.name, ME, limits, NOW)
            elif what == 1:
                contents = document(choice.choice("abcdef") * choice.randrange(1, 9))
                await store.write(put_document, 1, target.folder, target.name, contents, ME, limits, NOW)
            elif what == 2:
                await store.write(move, 1, some, target, ME, limits, NOW)
            elif what == 3:
                await store.write(remove, 1, some, limits.keeps_trash, ME, NOW)
            elif what == 4:
                await copy_tree(store, 1, some, target, ME, limits, lambda: NOW, lambda _: None)
            else:
                await erase_all(store, 2)
        except (FileExists, IsAFolder, IntoItself, NoSuchFile):
            pass
    await sound(store)
    await erase_all(store)
    await sound(store)
