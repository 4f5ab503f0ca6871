"""kill -9 of the store process amid work on trees: each step is whole or was not, and what was begun is ended."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

from posthouse.core.files.copying import copy_tree
from posthouse.core.files.erasing import ERASE_FILES, erase_doomed, remove
from posthouse.core.files.moving import Target, move
from posthouse.core.files.records import DOOMED, ROOT, STAGING
from posthouse.core.files.trash import empty_trash
from posthouse.core.files.tree import list_folder
from posthouse.storage.contract import Store, StoreUnavailable
from posthouse.storage.jobs import list_jobs
from tests.unit.core.filehouse import LIMITS, ME, NOW, folders, node, octets_held, put, sound, tree, with_account
from tests.unit.stores import StoreProcess

ROUNDS, FOLDERS, FILES = 8, 12, 25


async def work(store: Store, top: int, began: asyncio.Event) -> None:
    """Copy a tree, rename the copy, delete it, erase it, until the store is gone."""
    with suppress(StoreUnavailable):
        for number in range(1000):
            target = Target(ROOT, f"copy {number}")
            copied = await copy_tree(store, 1, top, target, ME, LIMITS, lambda: NOW, lambda _: began.set())
            await store.write(move, 1, copied.entry.node, Target(ROOT, "moved", overwrite=True), ME, LIMITS, NOW)
            await store.write(remove, 1, copied.entry.node, False, ME, NOW)
            while not await store.write(erase_doomed, 1, 50, NOW):
                pass


async def test_every_step_is_whole_or_was_not(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    process = StoreProcess(tmp_path)
    await process.start()
    store = await process.connect()
    await with_account(store)
    await folders(store, "top", *[f"top/{number}" for number in range(FOLDERS)])
    puts = [put(store, f"top/{number % FOLDERS}/{number}", str(number)) for number in range(FOLDERS * FILES)]
    await asyncio.gather(*puts)
    top, whole, held = await node(store, "top"), await tree(store), await octets_held(store)
    inner = {path[3:]: what for path, what in whole.items() if path != "top"}
    for _ in range(ROUNDS):
        began = asyncio.Event()
        busy = asyncio.create_task(work(store, top, began))
        await began.wait()
        for _ in range(chance.randrange(300)):
            await asyncio.sleep(0)  # some way into it, wherever that is
        await process.kill()
        store.close()
        await busy
        process = StoreProcess(tmp_path)
        await process.start()
        store = await process.connect()
        await sound(store)
        found = await tree(store)
        for name in {path.partition("/")[0] for path in found} - {"top"}:
            at = len(name)
            assert {path[at:]: what for path, what in found.items() if path.startswith(f"{name}/")} == inner
            await store.write(remove, 1, await node(store, name), False, ME, NOW)
        if await store.read(list_folder, 1, DOOMED, "", 1):
            assert ERASE_FILES in {job.kind for job in await store.read(list_jobs, 0, 10)}
        await store.write(empty_trash, 1, 0, NOW + 1, 1000, NOW)
        while not await store.write(erase_doomed, 1, 50, NOW):
            pass
        assert await store.read(list_folder, 1, STAGING, "", 1) == []
        assert await octets_held(store) == held
        assert await tree(store) == whole
        await sound(store)
    store.close()
    assert await process.stop() == 0
