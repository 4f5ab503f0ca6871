"""kill -9 of workers, the store process and the supervisor under load: what was acknowledged is there exactly once."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import pytest

from tests.crash.killing import LONG, PASSWORD, add_accounts, kill, marks, more
from tests.crash.senders import Ledger, append, deliver
from tests.served import Served


@pytest.fixture
def server(tmp_path: Path) -> Served:
    served = Served(tmp_path / "served", workers=2, fixed_ports=True)
    served.start()
    yield served
    served.stop()


async def test_nothing_accepted_is_lost_or_doubled(server: Served) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    accounts = add_accounts(server, "crash", 10)
    ledger = Ledger()
    senders = [deliver(lambda: server.port("lmtp"), accounts, ledger) for _ in range(800)]
    senders += [append(lambda: server.port("imap"), accounts[n % 10], PASSWORD, ledger) for n in range(200)]
    work = asyncio.gather(*senders)
    for victim in ("worker", "store", "supervisor") * (20 if LONG else 3):
        await more(ledger, chance.randrange(100, 600), work)
        await kill(server, victim, chance)
    await more(ledger, 500, work)
    ledger.close()
    await work
    found = await asyncio.to_thread(marks, server, accounts)
    print(f"{len(ledger.sent)} sent, {len(ledger.acknowledged)} acknowledged, {len(found)} found")
    assert {mark for mark in ledger.acknowledged if not found[mark]} == set(), "lost"
    assert {mark: times for mark, times in found.items() if times > 1} == {}, "doubled"
    assert json.loads(await asyncio.to_thread(server.cli, "verify", "--json"))["faults"] == []
