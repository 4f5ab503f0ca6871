"""Locks: who may be together, what they cover, and what they keep others from; RFC 4918 6 and 7."""

from __future__ import annotations

import msgspec
import pytest

from posthouse.core.files.conditions import Conditions
from posthouse.core.files.copying import copy_one, copy_tree
from posthouse.core.files.describing import FileChange, change_file
from posthouse.core.files.erasing import remove
from posthouse.core.files.errors import ConditionFailed, Locked, NoSuchFile, NoSuchLock, TooManyLocks
from posthouse.core.files.locks import (
    LockWish,
    NewlyLocked,
    all_locks,
    forget_locks,
    lock,
    lock_new,
    locks_on,
    refresh_lock,
    unlock,
)
from posthouse.core.files.moving import Target, move
from posthouse.core.files.records import ROOT
from posthouse.storage.contract import Store
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
    put,
    records,
    sound,
    with_account,
    with_sharer,
)

SOON = NOW + 60_000


async def locked(store: Store, path: str, token: str = "t", who: int = 1, now: int = NOW, **wish: bool) -> NewlyLocked:
    wanted = LockWish(token, wish.get("exclusive", True), wish.get("deep", True), "<me/>", now + 60_000)
    return await store.write(lock, 1, await node(store, path), wanted, Conditions(who), LIMITS, now)


def holding(*tokens: str, who: int = 1) -> Conditions:
    return Conditions(who, tokens)


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [(True, True, False), (True, False, False), (False, True, False), (False, False, True)],
)
async def test_who_may_be_together(store: Store, first: bool, second: bool, together: bool) -> None:
    await with_account(store)
    await put(store, "a")
    await locked(store, "a", "one", exclusive=first)
    if together:
        await locked(store, "a", "two", exclusive=second)
        assert len(await store.read(all_locks, 1, NOW)) == 2
    else:
        with pytest.raises(Locked):
            await locked(store, "a", "two", exclusive=second)
    await sound(store)


async def test_a_deep_lock_covers_what_is_in_it_and_what_comes(store: Store) -> None:
    await with_sharer(store)
    top, _ = await folders(store, "top", "top/sub")
    await put(store, "top/sub/file")
    await locked(store, "top")
    for path in ("top", "top/sub", "top/sub/file"):
        (found,) = await store.read(locks_on, 1, await node(store, path), NOW)
        assert (found.node, found.token, found.record.owner) == (top, "t", "<me/>")
        with pytest.raises(Locked):
            await locked(store, path, "other", exclusive=False, deep=False)
    for path in ("top/new", "top/sub/new", "top/sub/file"):
        with pytest.raises(Locked) as refused:
            await put(store, path)
        assert refused.value.args == (top, 1)
        await put(store, path, conditions=holding("t"))
    with pytest.raises(Locked):
        await put(store, "top/sub/file", conditions=holding("t", who=2))
    with pytest.raises(Locked):
        await put(store, "top/sub/file", conditions=holding("other"))
    assert await store.read(locks_on, 1, ROOT, NOW) == []
    await put(store, "beside")
    await sound(store)


async def test_a_shallow_lock_keeps_a_folder_and_its_members_names(store: Store) -> None:
    await with_account(store)
    await folders(store, "top", "top/sub")
    file = await put(store, "top/file")
    await locked(store, "top", deep=False)
    await put(store, "top/file", "contents are the file's own")
    await put(store, "top/sub/new")
    for refused in (
        (put(store, "top/new")),
        store.write(remove, 1, file.node, True, ME, NOW),
        store.write(move, 1, file.node, Target(ROOT, "out"), ME, LIMITS, NOW),
        store.write(change_file, 1, await node(store, "top"), FileChange([("p", b"v")]), ME, LIMITS, NOW),
    ):
        with pytest.raises(Locked):
            await refused
    await store.write(remove, 1, file.node, True, holding("t"), NOW)


async def test_a_deep_lock_finds_locks_within(store: Store) -> None:
    await with_account(store)
    top, sub = await folders(store, "top", "top/sub")
    await locked(store, "top/sub", "inner", exclusive=False)
    with pytest.raises(Locked) as refused:
        await locked(store, "top", "outer")
    assert refused.value.args == (sub, 1)
    await locked(store, "top", "outer", deep=False)
    await store.write(unlock, 1, top, "outer", Conditions(1), NOW)
    await locked(store, "top", "outer", exclusive=False)
    assert len(await store.read(locks_on, 1, sub, NOW)) == 2
    await put(store, "top/sub/a", conditions=holding("outer"))
    await put(store, "top/sub/b", conditions=holding("inner"))


async def test_a_tree_with_locks_in_it_is_not_taken_away(store: Store) -> None:
    await with_account(store)
    top, _ = await folders(store, "top", "top/sub")
    file = await put(store, "top/sub/file")
    other = await put(store, "other")
    await locked(store, "top/sub/file")
    for refused in (
        store.write(remove, 1, top, True, ME, NOW),
        store.write(move, 1, top, Target(ROOT, "x"), ME, LIMITS, NOW),
        store.write(move, 1, other.node, Target(ROOT, "top", True), ME, LIMITS, NOW),
        store.write(copy_one, 1, other.node, Target(ROOT, "top", True), ME, LIMITS, NOW),
        copy_tree(store, 1, other.node, Target(ROOT, "top", True), ME, LIMITS, lambda: NOW, lambda _: None),
    ):
        with pytest.raises(Locked) as why:
            await refused
        assert why.value.args == (file.node, 1)
    await store.write(copy_one, 1, file.node, Target(ROOT, "copy"), ME, LIMITS, NOW)
    assert await store.read(locks_on, 1, await node(store, "copy"), NOW) == []
    await store.write(move, 1, top, Target(ROOT, "x"), holding("t"), LIMITS, NOW)
    assert await store.read(all_locks, 1, NOW) == [], "a lock does not go along"
    await locked(store, "x/sub/file")
    await store.write(remove, 1, top, False, holding("t"), NOW)
    assert await store.read(all_locks, 1, NOW) == []
    await erase_all(store)
    await sound(store)


async def test_locks_run_out_and_are_renewed(store: Store) -> None:
    await with_sharer(store)
    file = await put(store, "a")
    await locked(store, "a")
    with pytest.raises(Locked):
        await put(store, "a", now=SOON - 1)
    await put(store, "a", now=SOON)
    with pytest.raises(NoSuchLock):
        await store.write(refresh_lock, 1, file.node, "t", SOON, Conditions(1), SOON)
    assert await store.write(forget_locks, b"", 10, SOON - 1) == b""
    assert "85" in await store.read(records)
    assert await store.write(forget_locks, b"", 1, SOON) != b""
    assert "85" not in await store.read(records)
    await locked(store, "a", "new")
    with pytest.raises(NoSuchLock):
        await store.write(refresh_lock, 1, file.node, "t", SOON * 2, Conditions(1), NOW)
    with pytest.raises(NoSuchLock):
        await store.write(refresh_lock, 1, file.node, "new", SOON * 2, Conditions(2), NOW)
    renewed = await store.write(refresh_lock, 1, file.node, "new", SOON + 5, Conditions(1), NOW)
    assert renewed.record.expires == SOON + 5
    with pytest.raises(Locked):
        await put(store, "a", now=SOON)


async def test_a_lock_is_given_up_by_who_took_it_or_by_the_owner(store: Store) -> None:
    await with_sharer(store)
    top, _ = await folders(store, "top", "top/sub")
    for refused in ("other", ""):
        await locked(store, "top", who=2)
        with pytest.raises(NoSuchFile):
            await store.write(unlock, 1, top, "t", Conditions(3), NOW)
        with pytest.raises(NoSuchLock):
            await store.write(unlock, 1, top, refused, Conditions(2), NOW)
        with pytest.raises(NoSuchLock):
            await store.write(unlock, 1, ROOT, "t", Conditions(2), NOW)
        await store.write(unlock, 1, await node(store, "top/sub"), "t", Conditions(1 if refused else 2), NOW)
        assert await store.read(all_locks, 1, NOW) == []
    with pytest.raises(NoSuchFile):
        await store.write(unlock, 1, 999, "t", Conditions(1), NOW)


async def test_locking_a_name_makes_an_empty_document(store: Store) -> None:
    await with_account(store)
    wish = LockWish("t", True, False, "", SOON)
    made = await store.write(lock_new, 1, ROOT, "new", document(""), wish, ME, LIMITS, NOW)
    assert (made.is_new, made.entry.size, made.lock.node) == (True, 0, made.entry.node)
    assert await at(store, "new") == made.entry
    with pytest.raises(ConditionFailed):
        await store.write(lock_new, 1, ROOT, "new", document(""), wish, ME, LIMITS, NOW)
    await store.write(lock, 1, ROOT, LockWish("deep", False, False, "", SOON), ME, LIMITS, NOW)
    with pytest.raises(Locked):
        await store.write(lock_new, 1, ROOT, "other", document(""), wish, ME, LIMITS, NOW)
    assert await names(store) == ["new"]
    await sound(store)


async def test_there_are_only_so_many(store: Store) -> None:
    await with_account(store)
    few = msgspec.structs.replace(LIMITS, locks=2)
    await put(store, "a")
    for number in range(3):
        wish = LockWish(str(number), False, False, "", SOON)
        taking = store.write(lock, 1, await node(store, "a"), wish, ME, few, NOW)
        if number < 2:
            await taking
        else:
            with pytest.raises(TooManyLocks):
                await taking
    wish = LockWish("3", False, False, "", SOON + 5)
    await store.write(lock, 1, await node(store, "a"), wish, ME, few, SOON)
