"""Whole sessions that do whatever, against the real server in memory; the seed is printed.

Every reply is well-formed and none says that something went wrong here; what got 250 is in the mailboxes that it was
for, once, octet for octet, and nothing else is; a session keeps no more than it may.
"""

from __future__ import annotations

import asyncio
import base64
import os
import random
import re
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from posthouse.protocols.smtp.errors import OUR_FAULT
from tests.transcripts.runner import MemoryTransport
from tests.unit.smtp.world import ALICE, BOB, DAVE, World, open_world

SESSIONS = 1500 if os.environ.get("POSTHOUSE_TEST_LONG") else 30  # of each role
PENDING = 16_384  # octets that may wait in a session: more than its longest line
LARGEST = 30_000  # octets of a message

# whose mailboxes have what a recipient gets; None for who is always refused
ACCOUNTS: dict[str, set[int] | None] = {
    "alice@example.org": {ALICE},
    "BOB@Example.ORG": {BOB},
    "bob+any@example.org": {BOB},
    "sales@example.org": {ALICE},
    "Postmaster": {ALICE},
    "team@example.org": {ALICE, BOB},  # for its members
    "all@example.org": {ALICE, DAVE},  # Dave only while he has room
    "dave@example.org": {DAVE},
    "ann@example.net": set(),  # of users
    "carol@example.org": None,
    "nobody@example.org": None,
    "a b@example.org": None,
}
# each has one reply and changes nothing
HARMLESS = (
    b"NOOP\r\n", b"noop and more\r\n", b"HELP\r\n", b"VRFY <alice@example.org>\r\n", b"FOO\r\n", b"\r\n",
    b"\xff\xfe\r\n",
    b"NOOP\n", b"NO\0OP\r\n", b"MAIL\r\n", b"MAIL FROM:<a@b> SIZE=x\r\n", b"RCPT TO:alice\r\n", b"RCPT TO:<>\r\n",
    b"RCPT TO:<nobody@example.org> NOTIFY=SOON\r\n", b"BDAT\r\n", b"BDAT -1\r\n", b"BDAT 1 FIRST\r\n", b"DATA now\r\n",
    b"RSET now\r\n", b"STARTTLS\r\n", b"XCLIENT ADDR=192.0.2.1\r\n", b"EHLO\r\n", b"HELO <x>\r\n",
    b"x" * 20_000 + b"\r\n",
    b"AUTH CRAM-MD5\r\n", b"QUIT now\r\n",
)  # fmt: skip
LINE = re.compile(r"([2-5]\d\d)([ -])(?:([245])\.\d{1,3}\.\d{1,3} )?[^\x00-\x1f\x7f]*")
TRACE = re.compile(
    rb"Return-Path: <[^\r\n]*>\r\nReceived: from [^\r\n]+\r\n\tby [^\r\n]+ id (\w+)(?:\r\n\t[^\r\n]+)?;\r\n"
    rb"\t\w{3}, [^\r\n]+ \+0000\r\n"
)


class Letter(msgspec.Struct):
    """A message that got 250: what it is, and whose mailboxes must and may have it."""

    octets: bytes
    must: set[int]
    may: set[int]


class Peer:
    """One client that does whatever."""

    def __init__(self, world: World, chance: random.Random, role: str) -> None:
        self.chance = chance
        self.role = role
        self.transport = MemoryTransport("127.0.0.1" if role == "submission" else "192.0.2.7")
        world.begin(self.transport)
        self.session: Any = self.transport.protocol.session
        self.taken: dict[str, Letter] = {}
        self.sent: list[bytes] = []
        self.patience = chance.choice([0, 0.3, 1])  # how often the server has its turn between two packets

    async def send(self, octets: bytes) -> None:
        """In pieces of any size; the session keeps no more of it than it may."""
        at = 0
        while at < len(octets) and not self.transport.is_closed:
            size = self.chance.choice([1, 2, 3, 7, 50, 500, 4096, len(octets)])
            size = max(size, len(octets) // 300)
            waiting = self.session.decoder.buffered
            self.transport.send(octets[at : at + size])
            at += size
            assert waiting <= PENDING or self.session.decoder.buffered <= waiting, "it reads on though much waits"
            if self.chance.random() < self.patience:
                await asyncio.sleep(0)

    async def reply(self) -> list[str]:
        """The next reply's lines, each well-formed; [] when the session is over."""
        lines: list[str] = []
        while not lines or lines[-1][3:4] == "-":
            octets = await self.transport.read_line()
            if octets == b"[closed]":
                assert not lines
                return []
            lines.append(checked(octets))
        assert len({line[:3] for line in lines}) == 1, lines
        return lines

    async def say(self, line: str) -> str:
        """Send a line; the last line of the reply."""
        await self.send(line.encode() + b"\r\n")
        return (await self.reply())[-1]

    async def greet(self) -> None:
        """As far as MAIL can be said."""
        await self.reply()
        assert (await self.say("LHLO x" if self.role == "lmtp" else "EHLO x")).startswith("250 ")
        if self.role == "submission":
            plain = base64.b64encode(b"\0alice@example.org\0secret").decode()
            assert (await self.say(f"AUTH PLAIN {plain}")).startswith("235 ")

    def message(self) -> bytes:
        """One that no other is like."""
        chance = self.chance
        octets = f"Date: x\r\nMessage-ID: <{chance.getrandbits(64):x}@x>\r\nFrom: <alice@example.org>\r\n".encode()
        for number in range(chance.choice([0, 1, 3, 30])):
            octets += b"." * chance.choice([0, 0, 0, 1, 2]) * bool(number)
            octets += chance.choice([b"", b"\r\n"] if number else [b"\r\n"])
            octets += bytes(chance.choices(b"ab .:\t\0\xe4", k=chance.choice([0, 1, 20, 1200]))) + b"\r\n"
        if chance.random() < 0.1:
            octets += chance.choice([b"\n", b"\n.\n", b"\r", b"a\rb", b"\r.\r", b"\n.\r\n", b"a\n.\r\n"]) + b"\r\n"
        return octets

    # One who waits for replies

    async def noise(self) -> None:
        """What changes nothing, now and then."""
        while self.chance.random() < 0.2:
            await self.send(self.chance.choice(HARMLESS))
            assert await self.reply()

    async def letter(self) -> None:
        """One message, with what may come between; RSET at times."""
        await self.noise()
        is_binary = self.chance.random() < 0.2
        sender = self.chance.choice(["alice@example.org", "alice@example.org", ""])
        mail = await self.say(f"MAIL FROM:<{sender}>{' BODY=BINARYMIME' * is_binary}")
        assert mail.startswith("250 ")
        recipients: list[str] = []
        for recipient in self.chance.choices(list(ACCOUNTS), k=self.chance.choice([1, 1, 2, 5])):
            await self.noise()
            reply = await self.say(f"RCPT TO:<{recipient}>")
            if reply.startswith("250 "):
                assert ACCOUNTS[recipient] is not None, recipient
                recipients.append(recipient)
        if not recipients or self.chance.random() < 0.1:
            assert (await self.say("RSET")).startswith("250 ")
            return
        octets = self.message()
        if is_binary or self.chance.random() < 0.5:
            await self.send_chunks(octets)
        else:
            assert (await self.say("DATA")).startswith("354 ")
            await self.send(octets.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        replies = [(await self.reply())[-1] for _ in (recipients if self.role == "lmtp" else [0])]
        bare = not is_binary and re.search(rb"\r(?!\n)|(?<!\r)\n", octets) is not None
        assert all(reply.startswith("554 5.6.0") if bare else reply[:3] in ("250", "452") for reply in replies), replies
        self.note(octets, recipients, replies if self.role == "lmtp" else replies * len(recipients))

    async def send_chunks(self, octets: bytes) -> None:
        """By BDAT, up to the reply to the last."""
        places = sorted({len(octets), *(self.chance.randrange(len(octets) + 1) for _ in range(3))})
        at = 0
        for place in places:
            is_last = place == len(octets) and self.chance.random() < 0.7
            await self.send(b"BDAT %d%b\r\n" % (place - at, b" LAST" * is_last) + octets[at:place])
            at = place
            if is_last:
                return
            assert (await self.reply())[-1].startswith("250 ")
            await self.noise()
        await self.send(b"BDAT 0 LAST\r\n")

    def note(self, octets: bytes, recipients: list[str], replies: list[str]) -> None:
        """Keep who must have it."""
        for recipient, reply in zip(recipients, replies, strict=True):
            if reply.startswith("250 "):
                accounts = ACCOUNTS[recipient] or set()
                letter = self.taken.setdefault(reply.split()[-1], Letter(octets, set(), set()))
                letter.may |= accounts
                letter.must |= accounts - {DAVE} if recipient == "all@example.org" else accounts

    # One who does not wait, and makes mistakes

    def stream(self) -> tuple[bytes, bool]:
        """(many commands, whether messages are as they were meant)."""
        is_exact = self.chance.random() < 0.5
        octets = b""
        for _ in range(self.chance.randrange(1, 12)):
            octets += self.envelope()
            message = self.message()
            self.sent.append(message)
            if self.chance.random() < 0.5:
                octets += b"DATA\r\n" + message.replace(b"\r\n.", b"\r\n..") + b".\r\n"
                continue
            cut = self.chance.randrange(len(message))
            for piece, end in ((message[:cut], b""), (message[cut:], b" LAST")):
                octets += b"BDAT %d%b\r\n" % (len(piece), end) + piece
        if is_exact:
            return octets, True
        broken = bytearray(octets)
        for _ in range(self.chance.randrange(1, 20)):
            at = self.chance.randrange(len(broken))
            broken[at : at + self.chance.choice([0, 0, 1, 5])] = self.chance.choice(
                [
                    b"\r",
                    b"\n",
                    b"\0",
                    b"\xff",
                    b"BDAT 5\r\n",
                    b"DATA\r\n",
                    b"RSET\r\n",
                    b"AUTH LOGIN\r\n",
                    b".\r\n",
                    b"9",
                ]
            )
        return bytes(broken), False

    def envelope(self) -> bytes:
        """MAIL and RCPT, perhaps something else."""
        lines = [b"MAIL FROM:<alice@example.org>\r\n"]
        for recipient in self.chance.choices(list(ACCOUNTS), k=3):
            lines.append(f"RCPT TO:<{recipient}>\r\n".encode())
            if self.chance.random() < 0.2:
                lines.append(self.chance.choice(HARMLESS))
        return b"".join(lines)


def checked(octets: bytes) -> str:
    """A line of a reply."""
    line = octets.decode()
    found = LINE.fullmatch(line)
    assert found is not None, line
    assert len(octets) <= 510, line
    assert found[3] in (None, found[1][0]), line
    assert OUR_FAULT.text not in line
    return line


async def settled(peer: Peer) -> None:
    """All that was sent has been dealt with."""
    while peer.session.is_busy and not peer.transport.is_closed:  # noqa: ASYNC110 it has no event
        await asyncio.sleep(0.001)


async def replied(peer: Peer) -> list[str]:
    """All that was said, line by line."""
    said = bytes(peer.transport.received)
    peer.transport.received.clear()
    assert said == b"" or said.endswith(b"\r\n")
    return [checked(line) for line in said.split(b"\r\n")[:-1]]


async def mailboxes(world: World) -> dict[int, dict[str, bytes]]:
    """What came into each mailbox by its number, below its trace; each once."""
    found: dict[int, dict[str, bytes]] = {ALICE: {}, BOB: {}, DAVE: {}}
    for account, letters in found.items():
        for octets in await world.inbox(account):
            trace = TRACE.match(octets)
            assert trace is not None, octets[:300]
            number = trace[1].decode()
            assert number not in letters, f"{number} is twice in the mailbox of {account}"
            letters[number] = octets[trace.end() :]
    return found


def seeded() -> random.Random:
    """Prints what it was seeded by."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    return random.Random(seed)


async def random_world(role: str, **settings: Any) -> World:
    limits = {f"{what}_per_address_per_minute": 0 for what in ("messages", "recipients", "refusals")}
    generous = {"bad_commands": 10_000, "refused_recipients": 100_000, "pending_octets": PENDING}
    return await open_world(role, message_octets=LARGEST, **limits, **{**generous, **settings})


@pytest.mark.parametrize("role", ["mx", "lmtp", "submission"])
async def test_who_waits_for_replies_gets_what_they_say(role: str) -> None:
    chance = seeded()
    with capture_logs() as logs:
        for _ in range(max(1, SESSIONS // 10)):
            world = await random_world(role)
            taken: dict[str, Letter] = {}
            for _ in range(10):
                peer = Peer(world, chance, role)
                await peer.greet()
                for _ in range(chance.randrange(8)):
                    await peer.letter()
                taken |= peer.taken
                await peer.transport.hang_up()
                assert (peer.session.transaction, peer.session.incoming) == (None, None)
            for account, letters in (await mailboxes(world)).items():
                assert {number for number, letter in taken.items() if account in letter.must} <= letters.keys()
                for number, octets in letters.items():
                    assert account in taken[number].may
                    assert octets == taken[number].octets
    assert [entry for entry in logs if entry["log_level"] in ("error", "critical")] == []


@pytest.mark.parametrize("role", ["mx", "lmtp", "submission"])
async def test_who_does_not_wait_or_goes_in_the_middle(role: str) -> None:
    chance = seeded()
    with capture_logs() as logs:
        for _ in range(SESSIONS):
            world = await random_world(
                role, bad_commands=chance.choice([5, 10_000]), refuse_early_commands=chance.random() < 0.3
            )
            peer = Peer(world, chance, role)
            await peer.greet()
            octets, is_exact = peer.stream()
            is_cut = chance.random() < 0.3
            await peer.send(octets[: chance.randrange(len(octets))] if is_cut else octets)
            if not is_cut:
                await settled(peer)
            lines = await replied(peer)
            await peer.transport.hang_up()
            assert (peer.session.transaction, peer.session.incoming) == (None, None)
            told = {line.split()[-1] for line in lines if re.match(r"250 2\.0\.0 (?:Stored|Queued) as ", line)}
            held = await mailboxes(world)
            stored = {number for letters in held.values() for number in letters}
            if role != "submission":
                assert told <= stored, "what got 250 is there"
            assert is_cut or stored <= told, "and nothing else; who goes hears no reply"
            if is_exact:
                assert {content for letters in held.values() for content in letters.values()} <= set(peer.sent)
    assert [entry for entry in logs if entry["log_level"] in ("error", "critical")] == []
