"""kill -9 of every process while files come and go by WebDAV: what was answered is there, halves are nowhere."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.dav_writers import FILES, DavConnection, DavLedger, move_to_and_fro, put, put_half
from tests.crash.killing import LONG, PASSWORD, kill, more
from tests.served import Served


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path / "served", workers=2, fixed_ports=True)
    served.start()
    yield served
    served.stop()


async def test_what_was_answered_is_there(server: Served) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    account = server.admin
    ledger = DavLedger(lambda: DavConnection(server.port("http"), account, PASSWORD), seed)
    async with ledger.connect() as client:
        for folder in ("/put", "/here"):
            assert (await client.ask("MKCOL", folder))[0] == 201
        for number in range(FILES):
            assert (await client.ask("PUT", f"/here/{number}", b"%d" % number))[0] == 201
    clients = [*[put(ledger) for _ in range(6)], put_half(ledger), move_to_and_fro(ledger)]
    work = asyncio.gather(*clients)
    for victim in ("worker", "store", "supervisor") * (20 if LONG else 2):
        await more(ledger, chance.randrange(20, 80), work)
        await kill(server, victim, chance)
    await more(ledger, 50, work)
    ledger.close()
    await asyncio.to_thread(server.kill_all)  # which also ends those who wait for an answer
    await work
    await asyncio.to_thread(server.start_again)
    print(f"{len(ledger.acknowledged)} files and {ledger.moves} moves were answered")
    async with ledger.connect() as client:
        for path, octets in ledger.acknowledged.items():
            assert await client.ask("GET", path) == (200, octets), path
        places = [(await client.ask("GET", f"{top}/{n}"))[0] for top in ("/here", "/there") for n in range(FILES)]
        assert sorted([places[:FILES], places[FILES:]]) == [[200] * FILES, [404] * FILES]
        client.begin("GET", "/put/", 0, "Connection: close")
        listing = await client.reader.read()
    assert b"half" not in listing
    assert ledger.moves
    assert json.loads(await asyncio.to_thread(server.cli, "verify", "--json"))["faults"] == []
