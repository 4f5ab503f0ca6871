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
PATIENCE_SECONDS = 60
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


def add_accounts(server: Served, name: str, number: int) -> list[str]:
    """So many accounts with PASSWORD; their addresses."""
    accounts = [f"{name}{each}@{server.domain}" for each in range(number)]
    people = server.directory / "people.csv"
    people.write_text("address,password\n" + "".join(f"{account},{PASSWORD}\n" for account in accounts))
    server.cli("account", "import", str(people), "--weak-hash-for-tests")
    return accounts


async def more(ledger: Ledger, letters: int, work: asyncio.Future[list[None]]) -> None:
    """Return when so many more letters were acknowledged; raises TimeoutError, or what the senders raise."""
    wanted = len(ledger.acknowledged) + letters
    ends = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while len(ledger.acknowledged) < wanted:
        await asyncio.wait([work], timeout=0.02)
        if work.done():
            work.result()
        if asyncio.get_running_loop().time() > ends:
            raise TimeoutError(f"{wanted - len(ledger.acknowledged)} of {letters} letters were not acknowledged")


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
        for answer in client.fetch(client.search(), ["BODY.PEEK[HEADER.FIELDS (SUBJECT)]"]).values():
            for value in answer.values():
                if isinstance(value, bytes):
                    found.update(mark.decode() for mark in MARK.findall(value))
        client.logout()
    return found
