"""BINARY: a part without its transfer encoding, undone piece by piece; RFC 3516 4.3, RFC 9051 6.4.5. No I/O of its own.

A part is read twice: first for its size, which stands before its octets, and for NULs, which only a literal8 carries.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import msgspec

from posthouse.core.mail.messages import Row
from posthouse.core.mail.octets import Octets
from posthouse.formats.imap.parts import decode_parts, find_part
from posthouse.formats.mime.decoder import ENCODINGS, TransferDecoder
from posthouse.formats.mime.part import Part as MimePart
from posthouse.protocols.imap.commands.fetch.sections import Span
from posthouse.protocols.imap.errors import No
from posthouse.protocols.imap.wire.fetch import Binary, BinarySize


class Coded(msgspec.Struct, frozen=True):
    """Where a part's octets are, and how they are encoded, in lower case."""

    span: Span
    encoding: str


class Measure(msgspec.Struct, frozen=True):
    """Octets when decoded, and whether NUL is among them."""

    size: int
    has_nul: bool


def coded_part(asked: Binary | BinarySize, message: MimePart | None, size: int) -> Coded | None:
    """The part that is asked for; None when there is no such part.

    The whole message, and what holds other parts, stand as they are: their own encoding changes nothing (RFC 2045 6.4).
    """
    if not asked.path:
        return Coded((0, size), "binary")
    part = None if message is None else find_part(message, asked.path)
    if part is None:
        return None
    return Coded((part.body_start, part.body_end), "binary" if part.children else part.encoding.lower())


def refuse_unknown(rows: list[Row], asked: list[Binary | BinarySize]) -> None:
    """Raise No when one of these parts has an encoding that nobody knows (RFC 3516 4.3), before anything is shown."""
    for row in rows:
        if row.structure is None:
            continue
        message = decode_parts(row.structure.parts)
        for one in asked:
            coded = coded_part(one, message, row.size)
            if coded is not None and coded.encoding not in ENCODINGS:
                raise No("That transfer encoding is not known here", "UNKNOWN-CTE")


async def decoded(octets: Octets, coded: Coded, partial: tuple[int, int] | None = None) -> AsyncIterator[bytes]:
    """The decoded octets in pieces, none of them empty; `partial` counts decoded ones."""
    decoder = TransferDecoder(coded.encoding)
    at = 0  # decoded octets so far
    first, stop = (0, None) if partial is None else (partial[0], partial[0] + partial[1])
    async with aclosing(octets.pieces(*coded.span)) as pieces:
        async for piece in pieces:
            found = decoder.feed(piece)
            wanted = found[max(0, first - at) : None if stop is None else max(0, stop - at)]
            if wanted:
                yield wanted
            at += len(found)
            if stop is not None and at >= stop:
                return
            await asyncio.sleep(0)  # one piece may take a millisecond to decode
    found = decoder.finish()
    wanted = found[max(0, first - at) : None if stop is None else max(0, stop - at)]
    if wanted:
        yield wanted


async def measure(octets: Octets, coded: Coded, partial: tuple[int, int] | None = None) -> Measure:
    """How much that is; raises BlobDamaged."""
    size = 0
    has_nul = False
    async for piece in decoded(octets, coded, partial):
        size += len(piece)
        has_nul = has_nul or b"\0" in piece
    return Measure(size, has_nul)
