"""RETR and TOP; RFC 1939 5 and 7. Messages go out in pieces, as the peer takes them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import structlog

from posthouse.core.mail.maildrop import letter_place
from posthouse.formats.mime.surrogate import Surrogate
from posthouse.protocols.pop3.commands.listing import position
from posthouse.protocols.pop3.contracts import User
from posthouse.protocols.pop3.errors import Refusal
from posthouse.protocols.pop3.wire import reply
from posthouse.protocols.pop3.wire.commands import Retr, Top
from posthouse.storage.blobs.contract import BlobDamaged

log = structlog.get_logger()


async def retr(command: Retr, user: User) -> bytes:
    """A whole message."""
    at = position(command.number, user.drop)
    pieces = await _pieces(at, user)
    ended = await _send(user.speech.ok("{} octets", user.drop.sizes[at]), pieces, None, user)
    user.drop.fetched(at)
    return ended


async def top(command: Top, user: User) -> bytes:
    """Its header and the first lines of its body."""
    pieces = await _pieces(position(command.number, user.drop), user)
    return await _send(user.speech.ok("As far as you wish"), pieces, reply.Top(command.lines), user)


async def _pieces(at: int, user: User) -> AsyncIterator[bytes]:
    place = await user.contracts.store.read(letter_place, user.account, user.drop.uids[at])
    if place is None:
        raise Refusal("That message is not there any more")
    pieces = user.contracts.blobs.chunks(place)
    return pieces if user.utf8 else _surrogate(pieces)


async def _surrogate(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """RFC 6856 2.1: nothing but ASCII in the header of who has not said UTF8; sizes are those of the message itself."""
    surrogate = Surrogate()
    async for piece in pieces:
        if shown := surrogate.take(piece):
            yield shown
    if shown := surrogate.end():
        yield shown


async def _send(said: bytes, pieces: AsyncIterator[bytes], top: reply.Top | None, user: User) -> bytes:
    """Send what was `said` and as much as `top` says; what is left to be sent.

    Raises BlobDamaged when nothing was sent yet.
    """
    dots = reply.Dots()
    begun = False
    try:
        async for piece in pieces:
            octets = dots.encode(piece if top is None else top.take(piece))
            user.output.write(octets if begun else said + octets)
            begun = True
            if top is not None and top.is_complete:
                break
            await user.output.drain()
    except BlobDamaged as damage:
        log.error("a message cannot be read", damage=damage.args)
        if begun:  # the peer takes what it has for the whole message unless the connection breaks
            raise ConnectionAbortedError("a message cannot be ended") from None
        raise
    return dots.end() if begun else said + dots.end()
