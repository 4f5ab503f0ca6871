"""kill -9 of workers, the store process and the supervisor under load: what was acknowledged is there exactly once."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from imapclient import IMAPClient

from tests.crash.senders import Ledger, append, deliver
from tests.served import Served

LONG = bool(os.environ.get("POSTHOUSE_TEST_LONG"))
PASSWORD = "correct horse battery"
MARK = re.compile(rb"mark-[a-z]+-\d{6}")


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
    accounts = [f"crash{number}@{server.domain}" for number in range(10)]
    for account in accounts:
        server.cli("account", "add", account, "--password-stdin", say=PASSWORD)
    ledger = Ledger(20_000 if LONG else 3_000)
    senders = [deliver(lambda: server.port("lmtp"), accounts, ledger) for _ in range(30)]
    senders += [append(lambda: server.port("imap"), accounts[n % 10], PASSWORD, ledger) for n in range(10)]
    work = asyncio.gather(*senders)
    kills: Counter[str] = Counter()
    while not work.done():
        await asyncio.wait([work], timeout=chance.uniform(0.3, 1.0))
        if not work.done() and sum(kills.values()) < (60 if LONG else 9):
            victim = ("worker", "store", "supervisor")[sum(kills.values()) % 3]
            await kill(server, victim, chance)
            kills[victim] += 1
    await work
    assert min(kills.values()) >= 2, kills
    await asyncio.to_thread(server.wait_until_up)
    found = await asyncio.to_thread(marks, server, accounts)
    print(f"{len(ledger.sent)} sent, {len(ledger.acknowledged)} acknowledged, {len(found)} found, {dict(kills)}")
    lost = {mark for mark in ledger.acknowledged if not found[mark]}
    doubled = {mark: times for mark, times in found.items() if times > 1}
    assert lost == set()
    assert doubled == {}
    assert len(ledger.acknowledged) > ledger.total // 2
    assert json.loads(await asyncio.to_thread(server.cli, "verify", "--json"))["faults"] == []


async def kill(server: Served, victim: str, chance: random.Random) -> None:
    """kill -9; the supervisor comes back as an init system would bring it."""
    pids: dict[str, Callable[[], int]] = {
        "worker": lambda: chance.choice(server.worker_pids()),
        "store": server.store_pid,
        "supervisor": server.supervisor_pid,
    }
    try:
        os.kill(await asyncio.to_thread(pids[victim]), signal.SIGKILL)
    except (ProcessLookupError, LookupError):
        return
    if victim == "supervisor":
        await asyncio.to_thread(server.start_again)


def marks(server: Served, accounts: list[str]) -> Counter[str]:
    """How often each mark stands in the inboxes."""
    found: Counter[str] = Counter()
    for account in accounts:
        client = IMAPClient("127.0.0.1", server.port("imap"), ssl=False)
        client.login(account, PASSWORD)
        client.select_folder("INBOX", readonly=True)
        for answer in client.fetch("1:*", ["BODY.PEEK[HEADER.FIELDS (SUBJECT)]"]).values():
            for value in answer.values():
                if isinstance(value, bytes):
                    found.update(mark.decode() for mark in MARK.findall(value))
        client.logout()
    return found
