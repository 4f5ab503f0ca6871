"""Opening the messages that a search is in doubt about, some at a time."""

from __future__ import annotations

import asyncio

import structlog

from posthouse.core.mail.messages import Column, bodies, some_rows
from posthouse.core.mail.octets import Octets
from posthouse.formats.imap.parts import decode_parts
from posthouse.formats.mime.part import Part
from posthouse.protocols.imap.commands.progress import Progress
from posthouse.protocols.imap.commands.search.candidate import Candidate, Test
from posthouse.protocols.imap.commands.search.content import open_content
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.view import View
from posthouse.storage.blobs.contract import BlobDamaged

log = structlog.get_logger()

MESSAGES_PER_BATCH = 50
SECONDS_AT_A_TIME = 0.005


async def open_and_test(
    doubtful: list[Candidate], test: Test, wanted: frozenset[str], view: View, user: User, progress: Progress
) -> list[int]:
    """The positions of those that fit; `wanted` are the folded texts that bodies are searched for."""
    found = []
    loop = asyncio.get_running_loop()
    began = loop.time()
    for first in range(0, len(doubtful), MESSAGES_PER_BATCH):
        batch = doubtful[first : first + MESSAGES_PER_BATCH]
        rows = await view.store.read(
            some_rows, view.account, view.mailbox, [one.uid for one in batch], Column.STRUCTURE
        )
        places = await view.store.read(bodies, view.account, [row.message for row in rows])
        opened = {row.uid: (row, place) for row, place in zip(rows, places, strict=True)}
        for one in batch:
            progress.passed()
            row, place = opened.get(one.uid, (None, None))
            if row is None or place is None:
                continue  # gone meanwhile
            root = decode_parts(row.structure.parts) if row.structure is not None else _unread(row.size)
            try:
                one.content = await open_content(Octets(place, user.contracts.blobs), root, wanted)
            except BlobDamaged as damage:
                log.error("a message cannot be read", damage=damage.args)
                continue
            if test(one):
                found.append(one.position)
            one.content = None
            if loop.time() - began > SECONDS_AT_A_TIME:
                await asyncio.sleep(0)
                began = loop.time()
    return found


def _unread(size: int) -> Part:
    """A message whose outline was lost: all of it is looked at as text."""
    return Part(0, 0, size)
