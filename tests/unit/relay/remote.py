"""A server in memory whose every reply is scripted, and the relay client's channel to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from posthouse.core.peer import Peer
from posthouse.core.queue.contracts import CarriedMessage, CarriedRecipient, Hop, Outcome, TlsPolicy
from posthouse.protocols.smtp.relay.channel import TlsFailed
from posthouse.protocols.smtp.relay.endpoint import SmtpRelay
from posthouse.protocols.smtp.relay.session import Session
from posthouse.protocols.smtp.relay.settings import RelaySettings

GONE = "gone"  # closes instead of a reply
SILENT = "silent"  # never answers
NOW = 1_790_000_000_000
HOST = "mx.example.net"
EXTENSIONS = ("PIPELINING", "SIZE 1000000", "8BITMIME", "ENHANCEDSTATUSCODES")
SOON: Any = 0.05  # settings have whole seconds
QUICK = RelaySettings(
    greeting_seconds=SOON,
    command_seconds=SOON,
    recipient_seconds=SOON,
    data_seconds=SOON,
    block_seconds=SOON,
    end_seconds=SOON,
    quit_seconds=SOON,
)
MESSAGE = b"Subject: hello\r\n\r\n.hidden dot\r\nand more\r\n"


class Remote:
    """What one server says. `replies` has the reply of a verb, or a list of them, the last of which stays.

    A reply is one line or several, without its last line end; "end" is the one to a message.
    """

    def __init__(self, *extensions: str, **replies: str | list[str]) -> None:
        self.extensions = extensions or EXTENSIONS
        self.replies: dict[str, str | list[str]] = {
            "greeting": f"220 {HOST} ESMTP",
            "MAIL": "250 2.1.0 ok",
            "RCPT": "250 2.1.5 ok",
            "DATA": "354 go on",
            "end": "250 2.0.0 queued as 4711",
            "RSET": "250 2.0.0 ok",
            "QUIT": "221 2.0.0 bye",
            "STARTTLS": "220 2.0.0 go on",
            "HELO": f"250 {HOST}",
        }
        self.replies.update(replies)
        self.said: list[str] = []  # the commands, in order
        self.groups: list[int] = []  # how many came at once
        self.messages: list[bytes] = []
        self.channels: list[MemoryChannel] = []
        self.tls: list[TlsFailed | None] = []  # what becomes of each handshake
        self.unreachable: OSError | None = None

    async def connect(self, hop: Hop, _seconds: float) -> MemoryChannel:
        """The relay client's Connector."""
        if self.unreachable is not None:
            raise self.unreachable
        channel = MemoryChannel(self)
        self.channels.append(channel)
        if not hop.implicit_tls:
            channel.reply(self.next("greeting"))
        return channel

    def next(self, verb: str) -> str:
        """The next reply to it."""
        reply = self.replies.get(verb, "502 5.5.1 no such command")
        if isinstance(reply, list):
            return reply.pop(0) if len(reply) > 1 else reply[0]
        return reply

    def verbs(self) -> list[str]:
        """The verbs that came."""
        return [line.split()[0] for line in self.said]


class MemoryChannel:
    """One connection to a Remote."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self.peer = Peer("192.0.2.25", 25, False)
        self.is_open = True
        self.took_nothing = False
        self._replies = bytearray()
        self._commands = bytearray()
        self._chunk: int | None = None
        self._in_data = False
        self._message = bytearray()
        self._news = asyncio.Event()

    # the client's side

    @property
    def is_quiet(self) -> bool:
        return self.is_open and not self._replies

    def write(self, octets: bytes) -> None:
        if not self.is_open:
            return
        self._commands += octets
        before = len(self.remote.said)
        while self.is_open and self._step():
            pass
        self.remote.groups.append(len(self.remote.said) - before)

    async def drain(self) -> None:
        if not self.is_open:
            raise ConnectionError("gone")
        if self.took_nothing:
            await asyncio.Event().wait()

    async def read(self) -> bytes:
        while not self._replies:
            if not self.is_open:
                return b""
            self._news.clear()
            await self._news.wait()
        octets = bytes(self._replies)
        self._replies.clear()
        return octets

    async def begin_tls(self, creator: Any) -> Any:
        self._replies.clear()
        failure = self.remote.tls.pop(0) if self.remote.tls else None
        if failure is not None:
            self.is_open = False
            raise failure
        self.peer = Peer(self.peer.host, self.peer.port, True)
        if not self.remote.said:
            self.reply(self.remote.next("greeting"))
        return self

    def close(self) -> None:
        self.is_open = False

    abort = close

    # the server's side

    def reply(self, reply: str) -> None:
        if reply == GONE:
            self.is_open = False
        elif reply != SILENT:
            self._replies += reply.encode(errors="surrogateescape") + b"\r\n"
        self._news.set()

    def _step(self) -> bool:
        """Take one command or a piece of a message; False when none is whole."""
        if self._chunk is not None:
            return self._take_chunk()
        line, end, rest = bytes(self._commands).partition(b"\r\n")
        if self._in_data:
            return self._take_data()
        if not end:
            return False
        self._commands[:] = rest
        self.remote.said.append(line.decode())
        self._do(line.decode())
        return True

    def _do(self, line: str) -> None:
        verb = line.split(maxsplit=1)[0] if line.split() else ""
        if verb == "BDAT":
            self._chunk = int(line.split()[1])
        elif verb == "EHLO" and "EHLO" not in self.remote.replies:
            offered = [HOST, *self.remote.extensions]
            if self.peer.tls:
                offered = [word for word in offered if word != "STARTTLS"]
            self.reply("\r\n".join(f"250{'-' if word is not offered[-1] else ' '}{word}" for word in offered))
        else:
            reply = self.remote.next(verb)
            self._in_data = verb == "DATA" and reply.startswith("354")
            self.reply(reply)

    def _take_chunk(self) -> bool:
        assert self._chunk is not None
        if len(self._commands) < self._chunk:
            return False
        self._finish(bytes(self._commands[: self._chunk]))
        del self._commands[: self._chunk]
        self._chunk = None
        return True

    def _take_data(self) -> bool:
        message, end, rest = (b"\r\n" + bytes(self._commands)).partition(b"\r\n.\r\n")
        if not end:
            return False
        self._commands[:] = rest
        self._in_data = False
        self._finish((message + b"\r\n").replace(b"\r\n.", b"\r\n")[2:])
        return True

    def _finish(self, message: bytes) -> None:
        self.remote.messages.append(message)
        self.reply(self.remote.next("end"))


class Octets:
    """A message's content in pieces."""

    def __init__(self, octets: bytes = MESSAGE, piece: int = 7, size: int | None = None) -> None:
        self.octets = octets
        self.piece = piece
        self.size = len(octets) if size is None else size
        self.error: Exception | None = None  # raised behind the last piece

    async def chunks(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self.octets), self.piece):
            yield self.octets[at : at + self.piece]
        if self.error is not None:
            raise self.error


class Judgement:
    """Judges as it is told; a ClientTls and its judge in one."""

    def __init__(self, verdict: bool | TlsFailed = False) -> None:
        self.verdict = verdict
        self.creator = None

    def judge_for(self, _hop: Hop) -> Judgement:
        return self

    def judge(self, _connection: Any) -> bool:
        if isinstance(self.verdict, TlsFailed):
            raise self.verdict
        return self.verdict


def message(*addresses: str, **fields: Any) -> CarriedMessage:
    """A message to these, numbered from 0 on."""
    recipients = tuple(
        CarriedRecipient(number, address) for number, address in enumerate(addresses or ("bob@example.net",))
    )
    return CarriedMessage(**{"sender": "alice@example.org", "recipients": recipients, "size": len(MESSAGE), **fields})


def relay_to(
    remote: Remote,
    verdict: bool | TlsFailed = False,
    settings: RelaySettings = QUICK,
    hostname: str = "mail.example.org",
) -> SmtpRelay:
    """A relay whose every connection leads to that remote."""
    judgement: Any = Judgement(verdict)
    return SmtpRelay(remote, hostname, settings, judgement, lambda: NOW)


def hop(mode: Any = "opportunistic", **fields: Any) -> Hop:
    """The way there."""
    policy = TlsPolicy(mode, testing=fields.pop("testing", False))
    return Hop(HOST, "192.0.2.25", 25, policy, **fields)


async def session_to(remote: Remote, mode: str = "opportunistic", verdict: bool = False) -> Session:
    """A session there."""
    return await relay_to(remote, verdict).connect(hop(mode))


async def carried(remote: Remote, *addresses: str, **fields: Any) -> list[Outcome]:
    """What becomes of a message there."""
    session = await session_to(remote)
    return await session.carry(message(*addresses, **fields), Octets())


def results(outcomes: list[Outcome]) -> list[tuple[str, int, str]]:
    """(result, code, status) of each."""
    return [(outcome.result, outcome.code, outcome.status) for outcome in outcomes]
