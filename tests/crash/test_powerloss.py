"""Power goes under load: what the disk holds then has every acknowledged message, once, and verifies clean.

The server runs with `durable.c` preloaded, is killed with -9, and comes up again on nothing but what had been synced.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.killing import PASSWORD, add_accounts, marks
from tests.crash.senders import Ledger, append, deliver
from tests.served import Served

HERE = Path(__file__).parent
LONG = bool(os.environ.get("POSTHOUSE_TEST_LONG"))


def begin_image(root: Path, image: Path) -> None:
    """All that stands before the load counts as synced."""
    (image / "inodes").mkdir(parents=True)
    for folder, _, names in os.walk(root):
        beside = image / "names" / Path(folder).relative_to(root)
        beside.mkdir(parents=True, exist_ok=True)
        for name in names:
            file = Path(folder) / name
            if file.is_file() and not file.is_symlink():
                kept = image / "inodes" / str(file.stat().st_ino)
                shutil.copyfile(file, kept)
                os.link(kept, beside / name)


def compile_shim(library: Path) -> Path:
    """The preloaded library."""
    source = HERE / "durable.c"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"], check=True)
    return library


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path / "served", workers=2, fixed_ports=True)
    served.start()
    yield served
    served.kill_all()


async def test_power_loss(server: Served, tmp_path: Path) -> None:
    library = await asyncio.to_thread(compile_shim, tmp_path / "durable.so")
    accounts = await asyncio.to_thread(add_accounts, server, "power", 5)
    await asyncio.to_thread(server.stop)
    ledger = Ledger()
    for cut in range(6 if LONG else 2):
        image = tmp_path / f"image{cut}"
        await asyncio.to_thread(begin_image, server.directory, image)
        preload = {"LD_PRELOAD": str(library), "DURABLE_ROOT": str(server.directory), "DURABLE_IMAGE": str(image)}
        await asyncio.to_thread(server.start_again, preload)
        senders = [asyncio.ensure_future(deliver(lambda: server.port("lmtp"), accounts, ledger)) for _ in range(10)]
        senders.append(asyncio.ensure_future(append(lambda: server.port("imap"), accounts[0], PASSWORD, ledger)))
        wanted = len(ledger.acknowledged) + 300
        while len(ledger.acknowledged) < wanted:
            await asyncio.wait(senders, timeout=0.05)
        await asyncio.to_thread(server.kill_all)
        for sender in senders:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)
        await asyncio.to_thread(swap, server.directory, image / "names")
        await asyncio.to_thread(server.start_again)
        found = await asyncio.to_thread(marks, server, accounts)
        print(f"{len(ledger.sent)} sent, {len(ledger.acknowledged)} acknowledged, {len(found)} found")
        assert {mark for mark in ledger.acknowledged if found[mark] != 1} == set()
        assert json.loads(await asyncio.to_thread(server.cli, "verify", "--json"))["faults"] == []
        await asyncio.to_thread(server.stop)


def swap(root: Path, names: Path) -> None:
    """The image takes the place of what the machine believed."""
    shutil.rmtree(root)
    shutil.copytree(names, root)
