"""Commands out, replies in, each in its time; RFC 5321 4.2, 4.5.3.2."""

from __future__ import annotations

import asyncio

from posthouse.protocols.smtp.relay.channel import Channel
from posthouse.protocols.smtp.relay.settings import RelaySettings
from posthouse.protocols.smtp.relay.wire.reply import BadReply, Reply, ReplyReader

CLOSING = 421  # may answer any command, and ends the session; RFC 5321 3.8


class Broken(Exception):
    """The session is over; `code` is 421 where the server said so, else 0."""

    def __init__(self, words: str, status: str = "4.4.2", code: int = 0) -> None:
        super().__init__(words)
        self.words = words
        self.status = status
        self.code = code


class Dialogue:
    """One session's exchange of lines. Whatever raises Broken has closed the connection."""

    __slots__ = ("_reader", "channel", "has_ended", "settings")

    def __init__(self, channel: Channel, settings: RelaySettings) -> None:
        self.channel = channel
        self.settings = settings
        self.has_ended = False
        self._reader = ReplyReader(settings.line_octets, settings.reply_lines, settings.reply_octets)

    @property
    def is_quiet(self) -> bool:
        """True while the session stands and the server has said nothing that it was not asked."""
        return not self.has_ended and self._reader.is_empty and self.channel.is_quiet

    def say(self, octets: bytes) -> None:
        """Send."""
        self.channel.write(octets)

    async def hear(self, what: str, seconds: float) -> Reply:
        """The next reply; `what` is what it answers, in words. Raises Broken."""
        try:
            async with asyncio.timeout(seconds):
                reply = await self._next()
        except TimeoutError:
            raise self.broken(f"no answer within {seconds:g} seconds ({what})") from None
        except BadReply as error:
            raise self.broken(f"{error} ({what})", "4.5.0") from None
        except ConnectionError:
            raise self.broken(f"the connection broke ({what})") from None
        if reply.code == CLOSING:
            raise self.broken(reply.words, reply.status or "4.3.2", reply.code)
        return reply

    async def ask(self, octets: bytes, what: str, seconds: float) -> Reply:
        """Send, and hear the reply; raises Broken."""
        self.say(octets)
        return await self.hear(what, seconds)

    async def send(self, octets: bytes) -> None:
        """Send a piece of the message, and wait until there is room for more.

        Raises Broken, and leaves the connection as it is: the server may have said why it takes no more.
        """
        self.channel.write(octets)
        try:
            async with asyncio.timeout(self.settings.block_seconds):
                await self.channel.drain()
        except TimeoutError:
            raise Broken(f"took nothing of the message for {self.settings.block_seconds:g} seconds") from None
        except ConnectionError:
            raise Broken("the connection broke in the middle of the message") from None

    def forget(self) -> None:
        """Drop what came before TLS began."""
        self._reader.discard()

    def broken(self, words: str, status: str = "4.4.2", code: int = 0) -> Broken:
        """End the session without a word; what says why."""
        self.end()
        return Broken(words, status, code)

    async def quit(self) -> None:
        """Say goodbye and close, whatever the server makes of it."""
        try:
            await self.ask(b"QUIT\r\n", "QUIT", self.settings.quit_seconds)
        except Broken:
            return
        self.has_ended = True
        self.channel.close()

    def leave(self) -> None:
        """Say goodbye and close without an answer."""
        if not self.has_ended:
            self.has_ended = True
            self.channel.write(b"QUIT\r\n")
            self.channel.close()

    def end(self) -> None:
        """Close now."""
        if not self.has_ended:
            self.has_ended = True
            self.channel.abort()

    async def _next(self) -> Reply:
        while True:
            reply = self._reader.next()
            if reply is not None:
                return reply
            octets = await self.channel.read()
            if not octets:
                raise ConnectionError
            self._reader.feed(octets)
