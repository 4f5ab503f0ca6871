"""The hash of a large blob is taken behind its writer, however late; docs in posthouse/storage/blobs/hashing.py."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from posthouse.storage.blobs.files import FileBlobs
from posthouse.storage.blobs.hashing import APART_OCTETS, FileHash
from posthouse.storage.blobs.records import BlobPlace
from posthouse.storage.blobs.settings import BlobSettings


class HeldThreads(ThreadPoolExecutor):
    """Threads that begin with nothing before they are let go."""

    def __init__(self) -> None:
        super().__init__(2)
        self.gate = threading.Event()
        self.asked = 0

    def submit(self, call: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        self.asked += 1

        def later() -> Any:
            assert self.gate.wait(60)
            return call(*arguments, **named)

        return super().submit(later)


@pytest.fixture
def threads() -> Iterator[HeldThreads]:
    held = HeldThreads()
    yield held
    held.gate.set()
    held.shutdown()


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("size", [APART_OCTETS - 1, APART_OCTETS, APART_OCTETS + 1, 9_876_543])
async def test_it_is_that_of_all_octets(tmp_path: Path, size: int, *, compress: bool) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    octets = chance.randbytes(size)
    blobs = FileBlobs(tmp_path, BlobSettings(compress=compress))
    writer = blobs.writer()
    at = 0
    while at < size:
        step = chance.randrange(1, 400_000)
        writer.write(octets[at : at + step])
        at += step
    blob = await writer.finish()
    assert blob.hash == hashlib.sha256(octets).digest()
    assert await blobs.read(BlobPlace(blob.hash, size, None, blob.location)) == octets
    blobs.close()


async def test_who_writes_does_not_wait_for_it(tmp_path: Path, threads: HeldThreads) -> None:
    octets = os.urandom(8 * APART_OCTETS)
    hashed = FileHash(threads)
    with (tmp_path / "blob").open("w+b", buffering=0) as file:
        for end in range(APART_OCTETS, len(octets) + 1, APART_OCTETS):
            piece = octets[end - APART_OCTETS : end]
            hashed.update(piece)
            file.write(piece)
            hashed.follow(file.fileno(), end)
        assert threads.asked == 1  # which has not begun, and will take all that is there by then
        threads.gate.set()
        await hashed.catch_up(file.fileno(), len(octets))
    assert hashed.digest() == hashlib.sha256(octets).digest()


async def test_a_file_that_was_cut_is_told(tmp_path: Path, threads: HeldThreads) -> None:
    hashed = FileHash(threads)
    with (tmp_path / "blob").open("w+b", buffering=0) as file:
        file.write(bytes(3 * APART_OCTETS))
        hashed.update(bytes(APART_OCTETS))
        hashed.follow(file.fileno(), APART_OCTETS)
        hashed.follow(file.fileno(), 3 * APART_OCTETS)
        file.truncate(2 * APART_OCTETS)
        threads.gate.set()
        with pytest.raises(OSError, match="shorter"):
            await hashed.catch_up(file.fileno(), 3 * APART_OCTETS)


async def test_who_gives_up_leaves_no_descriptor(tmp_path: Path) -> None:
    gate = threading.Event()
    with ThreadPoolExecutor(1) as threads, (tmp_path / "blob").open("w+b", buffering=0) as file:
        file.write(bytes(2 * APART_OCTETS))
        threads.submit(gate.wait, 60)  # so that what is asked for does not begin
        hashed = FileHash(threads)
        before = len(os.listdir("/proc/self/fd"))
        hashed.follow(file.fileno(), 2 * APART_OCTETS)
        waiting = asyncio.create_task(hashed.catch_up(file.fileno(), 2 * APART_OCTETS))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert len(os.listdir("/proc/self/fd")) == before
        gate.set()
