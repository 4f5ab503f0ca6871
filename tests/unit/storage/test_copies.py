"""Copies of a store that is being written are consistent."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.lmdb import LocalStore, copy_snapshot
from tests.unit.storage.test_contract import K
from tests.unit.stores import SETTINGS, StoreProcess


@operation
def move_on(txn: WriteTransaction, number: int) -> None:
    """One of each number, with nothing of the number before."""
    txn.delete_range(K, K + b"\xff")
    for place in range(200):
        txn.put(K + place.to_bytes(2, "big"), number.to_bytes(4, "big") * 50)


@query
def numbers(txn: ReadTransaction) -> list[bytes]:
    return [value for _, value in txn.scan(K, K + b"\xff")]


async def test_a_copy_made_while_others_write_is_of_one_moment(tmp_path: Path) -> None:
    process = StoreProcess(tmp_path)
    await process.start()
    client = await process.connect()
    await client.write(move_on, 0)
    over = False

    async def write() -> None:
        number = 0
        while not over:
            number += 1
            await client.write(move_on, number)

    writing = asyncio.ensure_future(write())
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, copy_snapshot, process.directory, tmp_path / "copies" / "1")
    await client.copy_to(tmp_path / "copies" / "2")
    over = True
    await writing
    with pytest.raises(FileExistsError):
        await client.copy_to(tmp_path / "copies" / "2")
    figures = client.figures()
    assert figures.entries >= 200
    assert 0 < figures.used_octets <= figures.map_octets == SETTINGS.map_octets
    assert figures.readers >= 1
    client.close()
    await process.stop()
    for copy in ("1", "2"):
        store = LocalStore.open(tmp_path / "copies" / copy, SETTINGS)
        found = await store.read(numbers)
        assert len(found) == 200
        assert len(set(found)) == 1
        assert store.figures().entries >= 200
        await store.copy_to(tmp_path / "again" / copy)
        store.close()
