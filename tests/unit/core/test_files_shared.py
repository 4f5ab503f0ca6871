"""Files by rights: what others may do, what they may not even know of, and how lists hold below."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from posthouse.core.accounts.accounts import NewAccount, add_account, delete_account
from posthouse.core.accounts.domains import add_domain
from posthouse.core.accounts.group_folders import open_folders
from posthouse.core.accounts.groups import add_group
from posthouse.core.accounts.quota import usage
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.copying import copy_one, copy_tree
from posthouse.core.files.describing import FileChange, change_file
from posthouse.core.files.erasing import erase_files, remove
from posthouse.core.files.errors import Locked, NoSuchFile, NotPermitted, TooManyLists
from posthouse.core.files.locks import LockWish, lock, lock_new, unlock
from posthouse.core.files.moving import Target, move
from posthouse.core.files.records import ROOT, Entry
from posthouse.core.files.revisions import restore_revision
from posthouse.core.files.sharing import FileList, file_lists, list_on, set_file_list, share_file
from posthouse.core.files.trash import restore
from posthouse.core.files.visiting import find_owner, glimpse, list_owners, visit
from posthouse.core.files.writing import make_folder, put_document
from posthouse.core.sharing.changing import Shared
from posthouse.core.sharing.effective import Visitor
from posthouse.core.sharing.rights import PRESETS, Right, letters, parse_rights
from posthouse.core.sharing.settings import SharingSettings
from posthouse.storage.contract import ReadTransaction, Store, query
from posthouse.storage.spaces import FILE_ACL, FILE_GRANT
from tests.unit.core.filehouse import (
    LIMITS,
    ME,
    NOW,
    document,
    folders,
    node,
    octets_held,
    put,
    share,
    sound,
    tree,
    with_account,
)

BOB = Conditions(2)
SETTINGS = SharingSettings()
Deed = Callable[[Store], Awaitable[object]]


async def shared_house(store: Store, rights: str, path: str = "docs") -> None:
    """Ann's docs/sub/letter and docs/memo, with rights for Bob."""
    await with_account(store)
    await store.write(add_account, NewAccount("bob@example.org", "", None, None), NOW)
    await folders(store, "docs", "docs/sub")
    await put(store, "docs/sub/letter")
    await put(store, "docs/memo", "one")
    await put(store, "docs/memo", "two")
    await share(store, path, "bob@example.org", parse_rights(rights))


async def write(store: Store) -> Entry:
    return await put(store, "docs/memo", "three", BOB)


async def add(store: Store) -> Entry:
    return await put(store, "docs/new", "new", BOB)


async def make(store: Store) -> object:
    return await store.write(make_folder, 1, await node(store, "docs"), "made", BOB, LIMITS, NOW)


async def describe(store: Store) -> object:
    change = FileChange([("p", b"v")])
    return await store.write(change_file, 1, await node(store, "docs/memo"), change, BOB, LIMITS, NOW)


async def discard(store: Store) -> object:
    return await store.write(remove, 1, await node(store, "docs/memo"), True, BOB, NOW)


async def discard_folder(store: Store) -> object:
    return await store.write(remove, 1, await node(store, "docs/sub"), True, BOB, NOW)


async def rename(store: Store) -> object:
    target = Target(await node(store, "docs"), "other")
    return await store.write(move, 1, await node(store, "docs/memo"), target, BOB, LIMITS, NOW)


async def copy(store: Store) -> object:
    target = Target(await node(store, "docs"), "other")
    return await store.write(copy_one, 1, await node(store, "docs/memo"), target, BOB, LIMITS, NOW)


async def take(store: Store) -> object:
    """Copy it to where he has room himself."""
    return await store.write(
        copy_one, 1, await node(store, "docs/memo"), Target(ROOT, "mine", account=2), BOB, LIMITS, NOW
    )


async def hold(store: Store) -> object:
    wish = LockWish("t", True, False, "", NOW + 1000)
    return await store.write(lock, 1, await node(store, "docs/memo"), wish, BOB, LIMITS, NOW)


async def hold_new(store: Store) -> object:
    wish, folder = LockWish("t", True, False, "", NOW + 1000), await node(store, "docs")
    return await store.write(lock_new, 1, folder, "new", document(""), wish, BOB, LIMITS, NOW)


async def go_back(store: Store) -> object:
    return await store.write(restore_revision, 1, await node(store, "docs/memo"), 1, BOB, LIMITS, NOW)


async def give(store: Store) -> object:
    docs = await node(store, "docs")
    return await store.write(share_file, 1, docs, "anyone", "set", 3, BOB, SETTINGS, LIMITS, NOW)


ENOUGH = [
    (write, "lw"), (add, "li"), (make, "lk"), (describe, "lw"), (discard, "le"), (discard_folder, "lx"),
    (rename, "lei"), (copy, "lri"), (take, "lr"), (hold, "lw"), (hold_new, "li"), (go_back, "lw"), (give, "la"),
]  # fmt: skip


@pytest.mark.parametrize(("deed", "rights"), ENOUGH, ids=[deed.__name__ for deed, _ in ENOUGH])
async def test_each_needs_its_rights_and_no_others(store: Store, deed: Deed, rights: str) -> None:
    await shared_house(store, rights)
    held = await octets_held(store)
    for missing in rights:
        left = rights.replace(missing, "")
        await share(store, "docs", "bob@example.org", parse_rights(left + "spt"))
        if missing == "l":
            continue
        with pytest.raises(NotPermitted):
            await deed(store)
    await share(store, "docs", "bob@example.org", Right(0))
    with pytest.raises(NoSuchFile):
        await deed(store)
    await share(store, "docs", "bob@example.org", parse_rights(rights))
    await deed(store)
    await sound(store)
    assert (await octets_held(store) > held) == (deed in (write, add, copy, go_back)), "the owner pays"


async def test_who_adds_may_change_what_he_wrote(store: Store) -> None:
    await shared_house(store, letters(PRESETS["author"]))
    mine = await add(store)
    await put(store, "docs/new", "other", BOB)
    with pytest.raises(NotPermitted):
        await write(store)
    with pytest.raises(NotPermitted):
        await discard(store)
    await store.write(remove, 1, mine.node, True, BOB, NOW)
    await add(store)
    await put(store, "docs/new", "now it is Ann's")
    with pytest.raises(NotPermitted):
        await put(store, "docs/new", "no", BOB)


async def seen(store: Store, path: str = "", account: int = 1, who: int = 2) -> dict[str, str] | None:
    """What a visitor sees in a folder, and his rights; None for nothing there."""
    visitor = Visitor(who)
    at = await store.read(visit, account, path.split("/") if path else [], visitor)
    if at.resolved.entry is None:
        return None
    found = await store.read(glimpse, account, at.resolved.entry.node, "", 1000, visitor)
    return {name: letters(Right(rights)) for name, _, rights in found.members}


async def test_the_way_to_what_one_may_know_of(store: Store) -> None:
    await shared_house(store, "lr", "docs/sub")
    assert await seen(store) == {"docs": ""}
    assert await seen(store, "docs") == {"sub": "lr"}
    assert await seen(store, "docs/sub") == {"letter": "lr"}
    assert await seen(store, "docs/memo") is None
    assert await seen(store, "other") is None
    assert await seen(store, who=3) is None
    with pytest.raises(NotPermitted):
        await add(store)
    with pytest.raises(NotPermitted):  # as if there were nothing of that name
        await write(store)


async def test_a_list_below_holds_instead(store: Store) -> None:
    await shared_house(store, "lrw")
    await share(store, "docs/sub", "bob@example.org", Right(0))
    await share(store, "docs/memo", "bob@example.org", parse_rights("l"))
    assert await seen(store, "docs") == {"memo": "l"}
    assert await seen(store, "docs/sub/letter") is None
    copied = await copy_tree(
        store, 1, await node(store, "docs"), Target(ROOT, "mine", account=2), BOB, LIMITS, lambda: NOW, lambda _: None
    )
    assert await seen(store, account=2, who=2) == {"mine": letters(Right((1 << 11) - 1))}
    assert await seen(store, "mine", account=2) == {}, "what he may not read he does not get"
    await store.write(set_file_list, 1, await node(store, "docs/sub"), None, ME, SETTINGS, LIMITS, NOW)
    assert await seen(store, "docs/sub") == {"letter": "lrw"}
    await store.write(remove, 2, copied.entry.node, False, BOB, NOW)


async def test_a_tree_is_copied_to_another_account(store: Store) -> None:
    await shared_house(store, "lr")
    target = Target(ROOT, "mine", account=2)
    await copy_tree(store, 1, await node(store, "docs"), target, BOB, LIMITS, lambda: NOW, lambda _: None)
    await sound(store)
    assert (await store.read(usage, 2)).octets == 8
    with pytest.raises(NoSuchFile):
        await copy_tree(store, 2, ROOT + 15, Target(ROOT, "x", account=1), ME, LIMITS, lambda: NOW, lambda _: None)
    assert await seen(store, "mine", account=2) == {"memo": letters(Right(2047)), "sub": letters(Right(2047))}


async def test_a_list_goes_along_and_goes_away(store: Store) -> None:
    await shared_house(store, "lr")
    docs = await node(store, "docs")
    await folders(store, "other")
    await store.write(move, 1, docs, Target(await node(store, "other"), "d"), ME, LIMITS, NOW)
    assert await seen(store, "other/d/sub") == {"letter": "lr"}
    assert await seen(store) == {"other": ""}
    await store.write(remove, 1, docs, True, ME, NOW)
    assert await seen(store) is None
    await store.write(restore, 1, docs, None, None, ME, LIMITS, NOW)
    assert await seen(store, "other/d/sub") == {"letter": "lr"}
    await store.write(copy_one, 1, docs, Target(ROOT, "copy"), ME, LIMITS, NOW)
    assert await seen(store, "copy") is None
    with pytest.raises(NotPermitted):
        await store.write(restore, 1, docs, None, None, BOB, LIMITS, NOW)
    await store.write(delete_account, "bob@example.org", NOW)
    assert await store.read(file_lists, 1) == [FileList(docs, [])]
    while not await store.write(erase_files, 1, 2, NOW):
        pass
    await store.write(delete_account, "ann@example.org", NOW)
    assert await store.read(lists_and_grants) == (0, 0)


@query
def lists_and_grants(txn: ReadTransaction) -> tuple[int, int]:
    found = [sum(1 for _ in txn.scan(*space.range())) for space in (FILE_ACL, FILE_GRANT)]
    return found[0], found[1]


async def test_lists_as_they_are_shown_and_set(store: Store) -> None:
    await shared_house(store, "lr")
    docs, sub = await node(store, "docs"), await node(store, "docs/sub")
    assert await store.read(list_on, 1, sub) == FileList(docs, [Shared("bob@example.org", 3)])
    given = [Shared("anyone", 1), Shared("ann@example.org", 2047), Shared("anyone", 2)]
    await store.write(set_file_list, 1, sub, given, ME, SETTINGS, LIMITS, NOW)
    assert await store.read(list_on, 1, sub) == FileList(sub, [Shared("anyone", 3)])
    await store.write(lock, 1, sub, LockWish("t", True, True, "", NOW + 9), ME, LIMITS, NOW)
    with pytest.raises(Locked):
        await share(store, "docs/sub", "bob@example.org", Right(1))
    few = msgspec.structs.replace(LIMITS, lists=2)
    with pytest.raises(TooManyLists):
        await store.write(share_file, 1, ROOT, "anyone", "set", 3, ME, SETTINGS, few, NOW)
    assert await store.read(list_on, 1, ROOT) == FileList(0, [])
    await sound(store)


async def test_a_groups_files_are_there_by_themselves(store: Store) -> None:
    await with_account(store)
    await store.write(add_account, NewAccount("bob@example.org", "", None, None), NOW)
    await store.write(add_account, NewAccount("cat@example.org", "", None, None), NOW)
    await store.write(add_group, "team@example.org", "", "anyone", ["bob@example.org"], NOW)
    assert await store.read(find_owner, Visitor(2), "team@example.org") is None
    account = await store.write(open_folders, "team@example.org", NOW)
    assert [each.address for each in await store.read(list_owners, Visitor(2))] == ["team@example.org"]
    assert await store.read(list_owners, Visitor(3)) == []
    assert await store.read(find_owner, Visitor(3), "team@example.org") is None
    written = await store.write(put_document, account, ROOT, "plan", document("x"), BOB, LIMITS, NOW)
    assert written.entry.who == 2
    with pytest.raises(NoSuchFile):
        await store.write(put_document, account, ROOT, "plan", document("y"), Conditions(3), LIMITS, NOW)
    assert await store.read(list_on, account, ROOT) == FileList(
        ROOT, [Shared("team@example.org", int(PRESETS["write"]))]
    )
    assert (await store.read(usage, account)).octets == 1


async def test_sharing_ends_at_the_domain(store: Store) -> None:
    await shared_house(store, "lr")
    await share(store, "docs", "anyone", PRESETS["read"])
    await store.write(add_domain, "example.com", None, NOW)
    eve = await store.write(add_account, NewAccount("eve@example.com", "", None, None), NOW)
    assert await seen(store, who=eve) is None
    assert await store.read(list_owners, Visitor(eve)) == []
    assert [each.address for each in await store.read(list_owners, Visitor(eve, "server"))] == ["ann@example.org"]
    with pytest.raises(NoSuchFile):
        await put(store, "docs/memo", "x", Conditions(eve))


async def test_others_locks(store: Store) -> None:
    await shared_house(store, letters(PRESETS["write"]))
    memo = await node(store, "docs/memo")
    await store.write(lock, 1, memo, LockWish("a", True, False, "", NOW + 9), ME, LIMITS, NOW)
    with pytest.raises(Locked):
        await write(store)
    with pytest.raises(Locked):
        await put(store, "docs/memo", "x", Conditions(2, ("a",)))
    with pytest.raises(NotPermitted):
        await store.write(unlock, 1, memo, "a", BOB, NOW)
    await share(store, "docs", "bob@example.org", PRESETS["full"])
    await store.write(unlock, 1, memo, "a", BOB, NOW)
    await write(store)
    assert await tree(store)
