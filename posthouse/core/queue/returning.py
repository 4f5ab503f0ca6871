"""What a report returns of a message; RFC 3461 4.3."""

from __future__ import annotations

import structlog

from posthouse.core.queue.records import QueuedMessage
from posthouse.formats.dsn.report import Returned
from posthouse.storage.blobs.contract import BlobDamaged, Blobs
from posthouse.storage.blobs.records import BlobPlace

log = structlog.get_logger()

HEADER_OCTETS = 65_536  # of a header at most


async def read_returned(
    blobs: Blobs, place: BlobPlace | None, message: QueuedMessage, most_octets: int, *, failed: bool
) -> Returned | None:
    """The message when it failed, was not wished otherwise and is not too large, else its header; None without it.

    One of BINARYMIME cannot stand in a report.
    """
    if place is None:
        return None
    octets = place.size - message.start
    whole = failed and message.ret != "HDRS" and message.body != "BINARYMIME" and octets <= most_octets
    stop = place.size if whole else min(place.size, message.start + HEADER_OCTETS)
    try:
        read = await blobs.read(place, message.start, stop)
    except BlobDamaged as damaged:
        log.error("a report returns nothing: the message is damaged", hash=damaged.args[0], why=damaged.args[1])
        return None
    return Returned(read, True) if whole else Returned(_header(read), False)


def _header(octets: bytes) -> bytes:
    """The header block of what a message begins with: whole lines, without the empty one."""
    end = octets.find(b"\r\n\r\n")
    if end < 0:
        end = octets.rfind(b"\r\n")
    return octets[: end + 2] if end >= 0 else b""
