"""kill -9 amid uploads into a mapped directory: what was answered is on the disk, and nobody ever sees a half."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from posthouse.core.directories.reading import OWN
from tests.crash.dav_writers import DavConnection, DavLedger, put, put_half, write_again
from tests.crash.killing import LONG, PASSWORD, kill, more
from tests.served import Served

FOLDER = "/Directories/Plans"
AGAIN = f"{FOLDER}/again"


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """The directory that is mapped."""
    made = tmp_path / "plans"
    made.mkdir()
    return made


@pytest.fixture
def server(tmp_path: Path, disk: Path) -> Iterator[Served]:
    served = Served(tmp_path / "served", workers=2, fixed_ports=True)
    served.start()
    served.cli("directory", "add", "Plans", str(disk))
    served.cli("directory", "share", "Plans", served.admin, "write")
    yield served
    served.stop()


def check_wholes(disk: Path, ledger: DavLedger) -> None:
    """All that can be seen is whole, at any moment; what was answered is there."""
    acknowledged = dict(ledger.acknowledged)
    for path, octets in acknowledged.items():
        found = (disk / path.removeprefix(f"{FOLDER}/")).read_bytes()
        assert len(found) == len(octets), path
        assert found == octets or (path == AGAIN and len(set(found)) == 1), path
    for place in disk.iterdir():
        if not place.name.startswith(OWN):
            assert not place.name.endswith("-half")
            octets = place.read_bytes()
            assert octets == octets[:8] * (len(octets) // 8), place.name  # as its writers fill files


async def test_what_was_answered_is_there(server: Served, disk: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    ledger = DavLedger(lambda: DavConnection(server.port("http"), server.admin, PASSWORD), seed, FOLDER)
    work = asyncio.gather(*[put(ledger) for _ in range(6)], put_half(ledger), write_again(ledger, AGAIN))
    for victim in ("worker", "store", "worker", "supervisor") * (20 if LONG else 2):
        await more(ledger, chance.randrange(20, 80), work)
        await kill(server, victim, chance)
        await asyncio.to_thread(check_wholes, disk, ledger)
    await more(ledger, 50, work)
    ledger.close()
    await asyncio.to_thread(server.kill_all)  # which also ends those who wait for an answer
    await work
    await asyncio.to_thread(check_wholes, disk, ledger)
    await asyncio.to_thread(server.start_again)
    left = sum(name.startswith(OWN) for name in await asyncio.to_thread(os.listdir, disk))
    print(f"{len(ledger.acknowledged)} files were answered, {left} halves are left for the next day")
    async with ledger.connect() as client:
        for path, octets in ledger.acknowledged.items():
            status, found = await client.ask("GET", path)
            assert (status, len(found)) == (200, len(octets)), path
        client.begin("GET", f"{FOLDER}/", 0, "Connection: close")
        listing = await client.reader.read()
    assert listing.count(OWN.encode()) == 0
