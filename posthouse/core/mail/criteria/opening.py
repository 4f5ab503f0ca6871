"""Opening the messages of which only their content tells whether they fit, some at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import structlog

from posthouse.core.mail.criteria.candidate import Candidate
from posthouse.core.mail.criteria.content import open_content
from posthouse.core.mail.messages import Column, bodies, some_rows
from posthouse.core.mail.octets import Octets
from posthouse.core.turns import Turn
from posthouse.formats.imap.parts import decode_parts
from posthouse.formats.mime.part import Part
from posthouse.storage.blobs.contract import BlobDamaged, Blobs
from posthouse.storage.contract import Store

log = structlog.get_logger()

MESSAGES_PER_BATCH = 25  # less than 1 ms


async def opened(
    doubtful: list[Candidate], wanted: frozenset[str], store: Store, account: int, mailbox: int, blobs: Blobs
) -> AsyncGenerator[Candidate, None]:
    """Each with its content, or without where it is gone or cannot be read.

    `wanted` are the folded texts that bodies are searched for. Gives way to other work between messages.
    """
    turn = Turn()
    for first in range(0, len(doubtful), MESSAGES_PER_BATCH):
        batch = doubtful[first : first + MESSAGES_PER_BATCH]
        rows = await store.read(some_rows, account, mailbox, [one.uid for one in batch], Column.STRUCTURE)
        places = await store.read(bodies, account, [row.message for row in rows])
        found = {row.uid: (row, place) for row, place in zip(rows, places, strict=True)}
        for one in batch:
            row, place = found.get(one.uid, (None, None))
            if row is not None and place is not None:
                root = decode_parts(row.structure.parts) if row.structure is not None else _unread(row.size)
                try:
                    one.content = await open_content(Octets(place, blobs), root, wanted)
                except BlobDamaged as damage:
                    log.error("a message cannot be read", damage=damage.args)
            yield one
            one.content = None
            await turn.share()


def _unread(size: int) -> Part:
    """A message whose outline was lost: all of it is looked at as text."""
    return Part(0, 0, size)
