"""Two users copy and move between their mailboxes at once: whoever looks, what is the same message has the same id."""

from __future__ import annotations

import asyncio
import os
import random
import re
from pathlib import Path

import pytest

from posthouse.core.bus import LocalBus
from posthouse.core.maintenance.account import check_account
from posthouse.core.maintenance.threads import check_threads
from tests.unit.imap.client import Client
from tests.unit.imap.world import PASSWORD, World, open_world
from tests.unit.stores import opened

LONG = bool(os.environ.get("POSTHOUSE_TEST_LONG"))
COMMANDS = 2000 if LONG else 60  # of each user
USERS = {1: "alice@example.org", 2: "bob@example.org"}
MAILBOXES = [(owner, name) for owner in USERS for name in ("INBOX", "Archive")]
MAY_BE_SAID = (b"OK", b"NO [EXPUNGEISSUED]")  # the other may have removed some of them

_ROW = re.compile(rb"UID (\d+) EMAILID \(([^)]+)\) THREADID \(([^)]+)\)")
_COPIED = re.compile(rb"\[COPYUID \d+ (\S+) (\S+)\]")

Mailbox = tuple[int, str]  # whose, and which


def numbers(uids: bytes) -> list[int]:
    found: list[int] = []
    for part in uids.split(b","):
        first, _, last = part.partition(b":")
        found += range(int(first), int(last or first) + 1)
    return found


class Known:
    """What anybody was ever told; ids as somebody without mail of his own would see them."""

    def __init__(self) -> None:
        self.emails: dict[tuple[Mailbox, int], bytes] = {}
        self.threads: dict[bytes, bytes] = {}
        self.copied = 0

    def email(self, mailbox: Mailbox, uid: int, id_: bytes) -> None:
        assert self.emails.setdefault((mailbox, uid), id_) == id_

    def thread(self, email: bytes, id_: bytes) -> None:
        """A message has one thread, wherever it stands."""
        assert self.threads.setdefault(email, id_) == id_


class Person(Client):
    """One of the two, who knows what the other was told too."""

    def __init__(self, world: World, account: int, known: Known, choice: random.Random) -> None:
        super().__init__(world.begin)
        self._account = account
        self._known = known
        self._choice = choice
        self._open = (account, "INBOX")
        self._texts = 0

    async def come(self) -> None:
        """Log in, and give the other all rights."""
        await self.greeting()
        await self.ok(f"LOGIN {USERS[self._account]} {PASSWORD}")
        for name in ("INBOX", "Archive"):
            await self.ok(f"SETACL {name} {USERS[3 - self._account]} lrswipkxte")

    async def act(self) -> None:
        for _ in range(COMMANDS):
            self._open = self._choice.choice(MAILBOXES)
            await self.ok(f"SELECT {self._name(self._open)}")
            await self._choice.choice([self._append, self.look, self._copy, self._copy, self._remove, self._search])()

    async def look_everywhere(self) -> None:
        for mailbox in MAILBOXES:
            self._open = mailbox
            await self.ok(f"SELECT {self._name(mailbox)}")
            await self.look()

    async def look(self) -> list[int]:
        """See all that is in the open mailbox; the UIDs."""
        uids = []
        for line in await self.ok("UID FETCH 1:* (UID EMAILID THREADID)"):
            row = _ROW.search(line)
            if row is not None:
                uids.append(int(row[1]))
                email, thread = self._general(row[2]), self._general(row[3])
                self._known.email(self._open, uids[-1], email)
                self._known.thread(email, thread)
        return uids

    async def _append(self) -> None:
        self._texts += 1
        mine = self._account * 100_000 + self._texts
        answered = self._choice.choice([1, 2]) * 100_000 + self._choice.randint(1, self._texts)
        text = b"Message-ID: <%d@x>\r\nReferences: <%d@x>\r\nSubject: Tea\r\n\r\n" % (mine, answered)
        await self.ok(b"APPEND INBOX {%d+}\r\n%b" % (len(text), text))

    async def _copy(self) -> None:
        uids = await self.look()
        if not uids:
            return
        chosen = sorted(self._choice.sample(uids, min(len(uids), self._choice.randint(1, 3))))
        target = self._choice.choice(MAILBOXES)
        verb = self._choice.choice(["COPY", "MOVE"])
        answer, untagged = await self.command(f"UID {verb} {','.join(map(str, chosen))} {self._name(target)}")
        assert answer.startswith(MAY_BE_SAID), answer
        for line in (*untagged, answer):
            copied = _COPIED.search(line)
            if copied is not None:
                for source, uid in zip(numbers(copied[1]), numbers(copied[2]), strict=True):
                    self._known.email(target, uid, self._known.emails[self._open, source])
                    self._known.copied += 1

    async def _remove(self) -> None:
        uids = await self.look()
        if len(uids) > 10:
            doomed = ",".join(map(str, self._choice.sample(uids, 5)))
            answer, _ = await self.command(f"UID STORE {doomed} +FLAGS.SILENT (\\Deleted)")
            assert answer.startswith(MAY_BE_SAID), answer
            await self.ok(f"UID EXPUNGE {doomed}")

    async def _search(self) -> None:
        uids = await self.look()
        if not uids:
            return
        id_ = self._known.emails[self._open, self._choice.choice(uids)]
        own = b"M%d-" % self._account
        (found,) = [
            line
            for line in await self.ok(b"UID SEARCH UID %d:%d EMAILID " % (uids[0], uids[-1]) + id_.replace(own, b"M"))
            if line.startswith(b"* SEARCH")
        ]
        there = {int(uid) for uid in found.split()[2:]}
        known = {uid for uid in uids if self._known.emails[self._open, uid] == id_}
        assert there <= known
        assert known & set(await self.look()) <= there

    def _name(self, mailbox: Mailbox) -> str:
        owner, name = mailbox
        return name if owner == self._account else f'"Other Users/{USERS[owner]}/{name}"'

    def _general(self, id_: bytes) -> bytes:
        return id_ if b"-" in id_ else b"%b%d-%b" % (id_[:1], self._account, id_[1:])


@pytest.mark.parametrize("engine", ["memory", "lmdb-process"])
async def test_what_is_the_same_message_has_the_same_id(engine: str, tmp_path: Path) -> None:
    seed = int(os.environ.get("POSTHOUSE_TEST_SEED") or random.randrange(1 << 32))
    print(f"two users on {engine}, seed {seed}")
    bus = LocalBus()
    async with opened(engine, tmp_path, bus) as store:
        world = await open_world(store=store, bus=bus)
        known = Known()
        people = [Person(world, account, known, random.Random(seed + account)) for account in USERS]
        for person in people:
            await person.come()
        await asyncio.gather(*(person.act() for person in people))
        for person in people:
            await person.look_everywhere()
            await person.transport.hang_up()
        assert known.copied
        for account in USERS:
            report = await store.read(check_account, account)
            assert report.faults + report.letter_faults + await store.read(check_threads, account) == []
