"""Files and folders are copied, a folder in steps, or nothing is."""

from __future__ import annotations

import pytest

from posthouse.core.accounts.accounts import AccountChange, change_account
from posthouse.core.accounts.errors import OverQuota
from posthouse.core.files.copying import begin_copy, copy_one, copy_some, copy_tree, drop_staged
from posthouse.core.files.errors import FileExists
from posthouse.core.files.moving import Target
from posthouse.core.files.records import ROOT, STAGING
from posthouse.core.files.tree import list_folder
from posthouse.storage.contract import Store
from tests.unit.core.filehouse import (
    LIMITS,
    ME,
    NOW,
    erase_all,
    folders,
    names,
    node,
    octets_held,
    put,
    sound,
    tree,
    with_account,
)


async def test_one_node_is_copied_without_what_is_in_it(store: Store) -> None:
    await with_account(store)
    await folders(store, "a")
    file = await put(store, "a/file", "contents")
    copied = await store.write(copy_one, 1, file.node, Target(ROOT, "copy"), ME, LIMITS, NOW + 1)
    assert (copied.entry.etag, copied.entry.created, copied.entry.modified) == (file.etag, NOW + 1, NOW)
    await store.write(copy_one, 1, await node(store, "a"), Target(ROOT, "b"), ME, LIMITS, NOW)
    with pytest.raises(FileExists):
        await store.write(copy_one, 1, file.node, Target(ROOT, "b"), ME, LIMITS, NOW)
    assert not (await store.write(copy_one, 1, file.node, Target(ROOT, "b", True), ME, LIMITS, NOW)).is_new
    assert await octets_held(store) == 24
    await sound(store)


async def test_a_tree_is_copied_in_steps_and_seen_when_it_is_whole(store: Store) -> None:
    await with_account(store)
    await folders(store, "a", *[f"a/{number}" for number in range(7)], "a/3/deep", "target")
    for number in range(7):
        await put(store, f"a/{number}/file", str(number))
    await put(store, "a/3/deep/er", "x" * 100)
    held = await octets_held(store)
    copying = await store.write(begin_copy, 1, await node(store, "a"), 1, 1, LIMITS, NOW)
    steps = 0
    while copying.branches:
        copying = await store.write(copy_some, copying, 3, ME, LIMITS, NOW)
        await sound(store)
        steps += 1
    assert (copying.nodes, steps) == (17, 6)
    assert await names(store) == ["a", "target"]
    assert await octets_held(store) == 2 * held
    await store.write(drop_staged, 1, copying.top, NOW)
    await erase_all(store, 5)
    assert await octets_held(store) == held
    told: list[int] = []
    target = Target(await node(store, "target"), "copy")
    moved = await copy_tree(store, 1, await node(store, "a"), target, ME, LIMITS, lambda: NOW, told.append)
    assert (moved.is_new, told) == (True, [17])
    found = await tree(store)
    inner = {path[2:]: what for path, what in found.items() if path.startswith("a/")}
    assert {path[12:]: what for path, what in found.items() if path.startswith("target/copy/")} == inner
    await sound(store)
    assert await store.read(list_folder, 1, STAGING, "", 10) == []


async def test_a_copy_that_finds_no_room_leaves_nothing(store: Store) -> None:
    await with_account(store)
    await folders(store, "a")
    for number in range(5):
        await put(store, f"a/{number}", f"{number}" * 10)
    await store.write(change_account, "ann@example.org", AccountChange(quota_octets=80))
    a, one = await node(store, "a"), await node(store, "a/1")
    with pytest.raises(OverQuota):
        await copy_tree(store, 1, a, Target(ROOT, "b"), ME, LIMITS, lambda: NOW, lambda _: None)
    with pytest.raises(FileExists):
        await copy_tree(store, 1, one, Target(a, "2"), ME, LIMITS, lambda: NOW, lambda _: None)
    await erase_all(store)
    assert await octets_held(store) == 50
    assert await names(store) == ["a"]
    await sound(store)
