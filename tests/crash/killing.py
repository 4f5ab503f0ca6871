"""Servers under load that are killed: who is killed, how long to go on, what is there afterwards."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
from collections import Counter
from collections.abc import Callable, Sized
from typing import Protocol

from imapclient import IMAPClient

from tests.served import Served

LONG = bool(os.environ.get("POSTHOUSE_TEST_LONG"))
PASSWORD = "correct horse battery"
PATIENCE_SECONDS = 60
MARK = re.compile(rb"mark-[a-z]+-\d{6}")


class Acknowledging(Protocol):
    """A ledger of what was answered."""

    @property
    def acknowledged(self) -> Sized:
        """What was."""


def add_accounts(server: Served, name: str, number: int) -> list[str]:
    """So many accounts with PASSWORD; their addresses."""
    accounts = [f"{name}{each}@{server.domain}" for each in range(number)]
    people = server.directory / "people.csv"
    people.write_text("address,password\n" + "".join(f"{account},{PASSWORD}\n" for account in accounts))
    server.cli("account", "import", str(people), "--weak-hash-for-tests")
    return accounts


async def more(ledger: Acknowledging, number: int, work: asyncio.Future[list[None]]) -> None:
    """Return when so much more was acknowledged; raises TimeoutError, or what the clients raise."""
    wanted = len(ledger.acknowledged) + number
    ends = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while len(ledger.acknowledged) < wanted:
        await asyncio.wait([work], timeout=0.02)
        if work.done():
            work.result()
        if asyncio.get_running_loop().time() > ends:
            raise TimeoutError(f"{wanted - len(ledger.acknowledged)} of {number} were not acknowledged")


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
