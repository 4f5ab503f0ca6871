"""A letter written anew with its binary parts in base64, for who cannot be sent NUL; RFC 3516 4.4, 6."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

from posthouse.core.mail.octets import Octets
from posthouse.core.mail.records import Letter
from posthouse.formats.imap.parts import decode_parts
from posthouse.formats.mime.part import Part
from posthouse.formats.mime.recode import Base64Encoder, binary_parts, relabelled
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.blobs.contract import Blobs
from posthouse.storage.blobs.records import BlobPlace


class Recoding:
    """One letter on its way through; `write` takes the octets that it becomes. Raises BlobDamaged."""

    def __init__(self, letter: Letter, blobs: Blobs, limits: MimeLimits, write: Callable[[bytes], None]) -> None:
        blob = letter.blob
        self._octets = Octets(BlobPlace(blob.hash, blob.size, blob.inline, blob.location), blobs)
        self._message = decode_parts(letter.parts)
        self._limits = limits
        self._write = write

    @property
    def needed(self) -> bool:
        """Whether any part is binary."""
        return next(binary_parts(self._message), None) is not None

    async def run(self) -> None:
        """Write it all: what the parts decode to is what it was."""
        at = 0
        for part in binary_parts(self._message):
            if part.body_start - part.header_start > self._limits.header_octets:
                continue
            header = await self._octets.read(part.header_start, part.body_start)
            other = relabelled(header, part, self._limits)
            if other is None:
                continue
            await self._copy(at, part.header_start)
            self._write(other)
            at = part.body_start
            if not part.children:
                await self._encode(part)
                at = part.body_end
        await self._copy(at, self._octets.size)

    async def _copy(self, start: int, stop: int) -> None:
        async with aclosing(self._octets.pieces(start, stop)) as pieces:
            async for piece in pieces:
                self._write(piece)
                await asyncio.sleep(0)

    async def _encode(self, part: Part) -> None:
        encoder = Base64Encoder()
        async with aclosing(self._octets.pieces(part.body_start, part.body_end)) as pieces:
            async for piece in pieces:
                self._write(encoder.feed(piece))
                await asyncio.sleep(0)  # one piece may take a millisecond to encode
        self._write(encoder.finish())
        if part.body_end == self._octets.size:
            self._write(b"\r\n")
