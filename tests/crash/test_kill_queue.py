"""kill -9 while mail is carried to another server: nothing is lost, and only what was on its way can come twice."""

from __future__ import annotations

import asyncio
import json
import os
import random
from pathlib import Path

import pytest

from tests.crash.killing import kill, more
from tests.crash.remote import Remote
from tests.crash.senders import Ledger, deliver
from tests.served import Served

LONG = bool(os.environ.get("POSTHOUSE_TEST_LONG"))
CONNECTIONS = 5
SETTINGS = f"""
queue.connections_per_destination = {CONNECTIONS}
queue.first_retry_seconds = 1
queue.last_retry_seconds = 2
queue.unreachable_retry_seconds = 1
jobs.lease_seconds = 10
"""


@pytest.fixture
def server(tmp_path: Path) -> Served:
    served = Served(tmp_path / "served", workers=2, fixed_ports=True, settings=SETTINGS)
    served.start()
    yield served
    served.stop()


async def test_what_was_accepted_for_others_is_carried(server: Served) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    remote = Remote()
    await remote.start()
    smart_host = ["--smart-host", f"127.0.0.1:{remote.port}", "--smart-host-plain"]
    await asyncio.to_thread(server.cli, "domain", "change", server.domain, *smart_host)
    await asyncio.to_thread(server.cli, "alias", "add", f"out@{server.domain}", "ann@example.net")
    ledger = Ledger()
    recipients = [f"out@{server.domain}"]
    work = asyncio.gather(*[deliver(lambda: server.port("lmtp"), recipients, ledger) for _ in range(20)])
    victims = ("worker", "store", "supervisor") * (10 if LONG else 1)
    for victim in victims:
        await more(ledger, chance.randrange(50, 300), work)
        await kill(server, victim, chance)
    await more(ledger, 100, work)
    ledger.close()
    await work
    await remote.wait_for(ledger.acknowledged, 120)
    doubled = sum(times - 1 for mark, times in remote.taken.items() if mark in ledger.acknowledged)
    print(f"{len(ledger.acknowledged)} acknowledged, {len(remote.taken)} carried, {doubled} doubled")
    # the remote took it, and we had not yet written so: at most what each connection had under way at a kill
    assert doubled <= len(victims) * CONNECTIONS * 2
    await asyncio.to_thread(server.wait_for, lambda: queue_is_empty(server), "the queue does not become empty")
    assert json.loads(await asyncio.to_thread(server.cli, "verify", "--json"))["faults"] == []
    await remote.stop()


def queue_is_empty(server: Served) -> bool:
    """True when nothing waits any more."""
    return json.loads(server.cli("queue", "list", "--json")) == []
