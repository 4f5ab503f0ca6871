"""COMPRESS DEFLATE; RFC 4978."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posthouse.protocols.imap.errors import Bad, No
from posthouse.protocols.imap.wire.commands.session import Compress

if TYPE_CHECKING:
    from posthouse.protocols.imap.session import Session


async def compress(command: Compress, session: Session) -> None:
    """Compress behind the answer, both ways. Only for who has logged in: others get no memory for it."""
    if session.user is None:
        raise Bad("Log in first")
    settings = session.contracts.settings.compression
    if command.algorithm != "DEFLATE" or not settings.level:
        raise Bad("That compression is not offered")
    if session.channel.is_compressed:
        raise No("DEFLATE is active already", "COMPRESSIONACTIVE")
    if session.decoder.buffered:
        raise Bad("Wait for the answer to COMPRESS")  # RFC 4978 3: what came behind it may be of either kind
    session.channel.write(session.dialect.say(command.tag, "OK", "DEFLATE is active from here on"))
    session.channel.start_compression(settings)
