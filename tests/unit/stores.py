"""Stores of every engine, for the fixture of domain tests and for the contract tests."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from posthouse.core.bus import LocalBus
from posthouse.storage.contract import Store
from posthouse.storage.lmdb.local import LocalStore
from posthouse.storage.lmdb.remote import RemoteStore
from posthouse.storage.memory import MemoryStore
from posthouse.storage.settings import StoreSettings
from tests.unit.storage.awkward import AwkwardStore

SETTINGS = StoreSettings(map_octets=1 << 30)

START = """
import sys
from pathlib import Path
from posthouse.storage.lmdb.process import run
from posthouse.storage.settings import StoreSettings
run(Path(sys.argv[1]), Path(sys.argv[2]), StoreSettings(map_octets=1 << 30), int(sys.argv[3]), int(sys.argv[4]))
"""


class StoreProcess:
    """A store process of our own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "store"
        self.socket = directory / "store.sock"

    async def start(self) -> None:
        """Start it; returns when it serves."""
        ready, theirs = os.pipe()
        lifeline, self._ours = os.pipe()
        command = [sys.executable, "-c", START, str(self.directory), str(self.socket), str(theirs), str(lifeline)]
        self.process = subprocess.Popen(command, pass_fds=(theirs, lifeline))  # noqa: ASYNC220
        os.close(theirs)
        os.close(lifeline)
        got = await asyncio.get_running_loop().run_in_executor(None, os.read, ready, 1)
        os.close(ready)
        assert got == b"1", "the store process did not start"

    async def kill(self) -> None:
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        await asyncio.get_running_loop().run_in_executor(None, self.process.wait)
        os.close(self._ours)

    async def stop(self) -> int:
        """End its lifeline; its status."""
        os.close(self._ours)
        return await asyncio.get_running_loop().run_in_executor(None, self.process.wait)

    async def connect(self, bus: LocalBus | None = None, settings: StoreSettings = SETTINGS) -> RemoteStore:
        """A worker's store on it."""
        return await RemoteStore.connect(self.directory, self.socket, settings, bus)


ENGINES = ("memory", "awkward", "lmdb-local", "lmdb-process")


@asynccontextmanager
async def opened(engine: str, directory: Path, bus: LocalBus) -> AsyncIterator[Store]:
    """A new, empty store of that engine."""
    if engine == "memory":
        yield MemoryStore(bus)
    elif engine == "awkward":
        seed = random.randrange(1 << 32)
        print(f"awkward store, seed {seed}")
        awkward = await AwkwardStore.start(directory, seed, bus)
        yield awkward
        awkward.close()
    elif engine == "lmdb-local":
        local = LocalStore.open(directory / "store", SETTINGS, bus)
        yield local
        local.close()
    else:
        process = StoreProcess(directory)
        await process.start()
        remote = await process.connect(bus)
        yield remote
        remote.close()
        assert await process.stop() == 0
