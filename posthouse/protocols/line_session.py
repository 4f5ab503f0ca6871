"""What sessions that speak in lines have in common; no I/O.

What the peer asked for is done one after another, begun when something has come, and in a task only once it waits for
anything. What comes meanwhile waits in the decoder, so that a client may send many commands at once; a peer who sends
on and on is not read for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from posthouse.protocols.sessions import Channel


class Decoder(Protocol):
    """Octets in by `feed`, what they say out."""

    @property
    def buffered(self) -> int:
        """Octets that wait."""

    def feed(self, octets: bytes) -> None:
        """More octets came."""


D = TypeVar("D", bound=Decoder)


class LineSession(Generic[D]):
    """One client's session. A protocol's own gives `_work`, `_next_line` and what a `Session` says."""

    __slots__ = ("_busy", "_goodbye", "_line", "_pending_octets", "_reading_paused", "channel", "decoder", "ended")

    def __init__(self, channel: Channel, decoder: D, pending_octets: int) -> None:
        """While a command runs, reading stops when more than `pending_octets` wait."""
        self.channel = channel
        self.decoder = decoder
        self.ended = False
        self._pending_octets = pending_octets
        self._busy = False
        self._reading_paused = False
        self._line: asyncio.Future[bytes] | None = None  # that a command waits for
        self._goodbye: Callable[[], None] | None = None  # what is said when the running command is done

    # What the transport calls

    @property
    def is_busy(self) -> bool:
        """True while a command runs that does not wait for the peer."""
        return self._busy and self._line is None

    def received(self, octets: bytes) -> None:
        """Octets came from the peer."""
        self.decoder.feed(octets)
        if self._line is not None:
            self._offer_line(self._line)
        elif not self._busy and not self.ended:
            self._busy = True
            self.channel.start(self._work())
        if self._busy and self.is_busy and self.decoder.buffered > self._pending_octets and not self._reading_paused:
            self._reading_paused = True
            self.channel.pause_reading()

    def lost(self) -> None:
        """The connection is gone."""
        self.ended = True
        self._goodbye = None  # it leads back here
        if self._line is not None:
            self._line.cancel()

    # What commands use

    def end(self) -> None:
        """Nothing more is said or heard."""
        self.ended = True
        self.channel.close()

    async def read_line(self) -> bytes:
        """The next line, without its end, for the exchange of a login; raises what refuses one that is none."""
        line: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._line = line
        self._offer_line(line)
        try:
            return await line
        finally:
            self._line = None

    # What protocols give

    async def _work(self) -> None:
        """Do what has come, as far as it is whole; then nothing is `_busy` any more."""
        raise NotImplementedError

    def _next_line(self) -> bytes | None:
        """The next line, without its end, None when it has not come; raises what refuses one that is none."""
        raise NotImplementedError

    # What protocols use

    def _end_soon(self, goodbye: Callable[[], None]) -> None:
        """Say goodbye now, or when the running command is done."""
        self._goodbye = goodbye
        if not self.is_busy:
            goodbye()

    def _read_on(self) -> None:
        if self._reading_paused:
            self._reading_paused = False
            self.channel.resume_reading()

    def _offer_line(self, waiting: asyncio.Future[bytes]) -> None:
        if waiting.done():
            return
        try:
            line = self._next_line()
        except Exception as refusal:  # who waits is told, whatever it is
            waiting.set_exception(refusal)
            return
        if line is None:
            self._read_on()
        else:
            waiting.set_result(line)
