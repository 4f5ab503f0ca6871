"""THREAD: find, put in trees, show them; RFC 5256 3."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import islice

from posthouse.core.mail.digests.facets import Facet
from posthouse.protocols.imap.commands.search.command import find
from posthouse.protocols.imap.commands.sort.ordering import read_columns
from posthouse.protocols.imap.commands.thread.algorithms import Algorithm, ordered_subject, references, refs
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.orders import LEAST
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands import Thread
from posthouse.protocols.imap.wire.sort import Threading

THREADS_AT_ONCE = 2000  # about 2 ms
OCTETS_AT_ONCE = 65_536

ALGORITHMS: dict[Threading, tuple[Algorithm, list[Facet]]] = {
    Threading.ORDEREDSUBJECT: (ordered_subject, [Facet.SENT, Facet.SUBJECT_KEY]),
    Threading.REFERENCES: (
        references,
        [Facet.SENT, Facet.SUBJECT_KEY, Facet.IS_REPLY, Facet.ID, Facet.REFERENCES],
    ),
    Threading.REFS: (refs, [Facet.SENT, Facet.ID, Facet.REFERENCES]),
}


async def thread(command: Thread, view: View, user: User) -> Ok:
    """Find messages and show them in threads; those of a whole large mailbox are kept for the next who asks."""
    uids = await view.uids()
    at = await find(command.tag, command.key, view, user)
    user.output.write(b"* THREAD " if at else b"* THREAD")
    if LEAST <= len(at) == len(uids):
        key = view.account, view.mailbox, command.algorithm, command.uid
        kept = user.contracts.orders.get(key, uids)
        if not isinstance(kept, bytes):
            kept = b"".join([piece async for piece in _threads(command, at, view)])
            user.contracts.orders.keep(key, uids, kept, user.contracts.settings.kept_orders_octets)
        for start in range(0, len(kept), OCTETS_AT_ONCE):
            user.output.write(kept[start : start + OCTETS_AT_ONCE])
            await user.output.drain()
    else:
        async for piece in _threads(command, at, view):
            user.output.write(piece)
            await user.output.drain()
    user.output.write(b"\r\n")
    return Ok("That is all")


async def _threads(command: Thread, at: list[int], view: View) -> AsyncIterator[bytes]:
    """The threads of the messages at those positions as they are shown, some at a time."""
    uids = await view.uids()
    algorithm, facets = ALGORITHMS[command.algorithm]
    columns = await read_columns(facets, at, view)
    if len(at) < len(uids):
        columns = {facet: [column[place] for place in at] for facet, column in columns.items()}
    forest = await algorithm(columns)
    numbers = [uids[place] for place in at] if command.uid else [place + 1 for place in at]
    threads = forest.threads(encoder.numbers(numbers).split())
    while some := list(islice(threads, THREADS_AT_ONCE)):
        yield b"".join(some)
        await asyncio.sleep(0)
