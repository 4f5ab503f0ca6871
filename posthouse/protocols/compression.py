"""DEFLATE on a connection, both ways (RFC 1951, RFC 4978): its two streams, and the transport that writes into one.

What is written is compressed a slice a turn of the reactor, and flushed when there is no more for now, so that an
answer is one block. A connection that has been quiet gives its compressor back: the next one goes on behind the flush,
since no block of it looks back at octets that it has not written itself. What comes is inflated a piece at a time, as
the session takes it: a small message that stands for a large one waits as it came.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from typing import Annotated, Any

from msgspec import Meta, Struct

SLICE = 65_536  # octets that are compressed or inflated at once: a millisecond


class CompressionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How connections are compressed whose clients ask for it. Memory is that of one connection's compressor."""

    level: Annotated[
        int, Meta(ge=0, le=9, description="How hard to try: from 1, the fastest, to 9; 0 offers no compression.")
    ] = 3
    window_bits: Annotated[
        int, Meta(ge=9, le=15, description="How far back it looks: 2^n octets, which takes 2^(n+2) octets of memory.")
    ] = 14
    memory_level: Annotated[int, Meta(ge=1, le=9, description="Memory for finding what repeats: 2^(n+9) octets.")] = 7
    quiet_seconds: Annotated[
        float, Meta(ge=0, le=3600, description="After how long a silence a connection gives that memory back.")
    ] = 5.0


class Inflater:
    """The peer's stream; raises zlib.error for what is none."""

    __slots__ = ("_stream", "_waiting")

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(-zlib.MAX_WBITS)  # what the peer looks back at is for the peer to choose
        self._waiting = b""

    def feed(self, octets: bytes) -> None:
        """Take what came."""
        self._waiting = self._waiting + octets if self._waiting else octets

    def next_piece(self) -> bytes:
        """The next octets, at most a slice; empty when more has to come first."""
        piece = b""
        if not self._stream.eof:
            piece = self._stream.decompress(self._waiting, SLICE)
            self._waiting = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
        if self._stream.eof and len(self._waiting) > SLICE:
            raise zlib.error("the peer has ended its stream")
        return piece

    def rest(self) -> bytes:
        """What came behind a stream that the peer has ended; behind one that goes on nothing can be told from it."""
        return self._waiting if self._stream.eof else b""


class DeflatingTransport:
    """A transport that compresses what is written, in front of the one that has been there; else it is that one."""

    def __init__(self, transport: Any, settings: CompressionSettings) -> None:
        self._transport = transport
        self._settings = settings
        self._stream: Any = None
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._turn: asyncio.Handle | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._written = 0.0
        self._compressed: asyncio.Future[None] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, octets: bytes) -> None:
        """Compress and send, in order; returns at once."""
        self._waiting.append(octets)
        self._size += len(octets)
        self._go_on()

    async def drain(self) -> None:
        """Return when little is left to compress."""
        if self._size > SLICE:
            if self._compressed is None:
                self._compressed = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._compressed)

    def loseConnection(self) -> None:
        """Close behind what was written."""
        self.finish().loseConnection()

    def lost(self) -> None:
        """The connection is gone: run nothing more."""
        for timer in (self._turn, self._rest):
            if timer is not None:
                timer.cancel()
        self._turn = self._rest = self._stream = None
        self._waiting.clear()
        self._size = 0
        self._release()

    def finish(self) -> Any:
        """Compress and send all that was written; the transport that goes on without."""
        while self._waiting:
            self._compress_slice()
        self.lost()
        return self._transport

    @property
    def is_resting(self) -> bool:
        """True while it holds no compressor."""
        return self._stream is None

    def _go_on(self) -> None:
        if self._turn is None:
            self._turn = asyncio.get_running_loop().call_soon(self._take_turn)

    def _take_turn(self) -> None:
        self._turn = None
        self._compress_slice()
        if self._waiting:
            self._go_on()
        if self._size <= SLICE:
            self._release()

    def _compress_slice(self) -> None:
        if self._stream is None:
            settings = self._settings
            self._stream = zlib.compressobj(settings.level, zlib.DEFLATED, -settings.window_bits, settings.memory_level)
        taken: list[bytes] = []
        left = SLICE
        while left and self._waiting:
            octets = self._waiting.popleft()
            if len(octets) > left:
                self._waiting.appendleft(octets[left:])
                octets = octets[:left]
            taken.append(octets)
            left -= len(octets)
        self._size -= SLICE - left
        code = self._stream.compress(b"".join(taken))
        if not self._waiting:
            code += self._stream.flush(zlib.Z_SYNC_FLUSH)
            self._watch_for_quiet()
        if code:
            self._transport.write(code)

    def _watch_for_quiet(self) -> None:
        # one timer a connection, which looks when something was written last and sleeps on
        loop = asyncio.get_running_loop()
        self._written = loop.time()
        if self._rest is None:
            self._rest = loop.call_later(self._settings.quiet_seconds, self._let_rest)

    def _let_rest(self) -> None:
        loop = asyncio.get_running_loop()
        left = self._written + self._settings.quiet_seconds - loop.time()
        if left > 0.01:
            self._rest = loop.call_later(left, self._let_rest)
            return
        self._rest = None
        if not self._waiting:
            self._stream = None

    def _release(self) -> None:
        if self._compressed is not None:
            if not self._compressed.done():
                self._compressed.set_result(None)
            self._compressed = None
