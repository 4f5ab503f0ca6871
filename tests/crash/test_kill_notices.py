"""kill -9 while people are told of what others changed: each hears of each folder once, whoever dies when."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from imapclient import IMAPClient

from posthouse.core.accounts.accounts import NewAccount, add_account
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.watching import NOTICE, watch
from posthouse.core.sharing.rights import PRESETS
from posthouse.server.configuration import read_configuration
from posthouse.server.configuration.tree import places
from posthouse.storage.contract import Store
from posthouse.storage.jobs import list_jobs
from posthouse.storage.lmdb.local import LocalStore
from tests.crash.killing import LONG, PASSWORD, PATIENCE_SECONDS, kill, marks
from tests.served import Served
from tests.unit.core.filehouse import LIMITS, ME, folders, put, share

FOLDERS = 1000 if LONG else 300
ALL = msgspec.structs.replace(LIMITS, notice_ms=1, watches=FOLDERS)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path / "served", workers=2, fixed_ports=True, settings="jobs.lease_seconds = 10\n")
    served.start()
    yield served
    served.stop()


def opened(server: Served) -> LocalStore:
    """Its store, while it does not run."""
    configuration = read_configuration(server.config)
    return LocalStore.open(places(configuration).store, configuration.store)


async def furnish(store: Store, domain: str) -> None:
    """Changes by another in folders that the administrator wants to hear of, all of which shall be told at once."""
    now = int(time.time() * 1000) - 1000
    bob = Conditions(await store.write(add_account, NewAccount(f"bob@{domain}", "", None, None), now))
    await share(store, "", f"bob@{domain}", PRESETS["full"])
    names = [f"mark-note-{number:06}" for number in range(FOLDERS)]
    for name, folder in zip(names, await folders(store, *names), strict=True):
        await store.write(watch, 1, folder, ME, ALL)
        await put(store, f"{name}/file", "x", bob, now=now)


def told(server: Served) -> int:
    """How many letters are there."""
    client = IMAPClient("127.0.0.1", server.port("imap"), ssl=False)
    client.login(server.admin, PASSWORD)
    number = int(client.folder_status("INBOX", ["MESSAGES"])[b"MESSAGES"])
    client.logout()
    return number


async def until_told(server: Served, number: int) -> int:
    """How many letters are there, once they are so many; raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                found = await asyncio.to_thread(told, server)
                if found >= number:
                    return found
            except (OSError, LookupError, IMAPClient.Error):
                await asyncio.sleep(0.02)  # the server is coming back


async def test_each_is_told_once(server: Served) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    assert await asyncio.to_thread(server.stop) == 0
    store = opened(server)
    await furnish(store, server.domain)
    store.close()
    await asyncio.to_thread(server.start_again)
    before = 0
    for victim in ("worker", "store", "worker", "supervisor", "worker") * (4 if LONG else 1):
        before = await until_told(server, min(before + chance.randrange(1, 20), FOLDERS))
        await kill(server, victim, chance)
    print(f"{before} of {FOLDERS} were told at the last kill")
    await until_told(server, FOLDERS)
    found = await asyncio.to_thread(marks, server, [server.admin])
    assert set(found.values()) == {1}
    assert len(found) == FOLDERS
    assert json.loads(await asyncio.to_thread(server.cli, "verify", "--json"))["faults"] == []
    assert await asyncio.to_thread(server.stop) == 0
    store = opened(server)
    assert NOTICE not in {job.kind for job in await store.read(list_jobs, 0, 10_000)}
    store.close()
