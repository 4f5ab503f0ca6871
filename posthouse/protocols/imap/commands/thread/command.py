"""THREAD: find, put in trees, show them; RFC 5256 3."""

from __future__ import annotations

import asyncio
from itertools import islice

from posthouse.core.mail.digests.facets import Facet
from posthouse.protocols.imap.commands.search.command import find
from posthouse.protocols.imap.commands.sort.ordering import read_columns
from posthouse.protocols.imap.commands.thread.algorithms import Algorithm, ordered_subject, references, refs
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands import Thread
from posthouse.protocols.imap.wire.sort import Threading

THREADS_AT_ONCE = 2000  # about 2 ms

ALGORITHMS: dict[Threading, tuple[Algorithm, list[Facet]]] = {
    Threading.ORDEREDSUBJECT: (ordered_subject, [Facet.SENT, Facet.SUBJECT_KEY]),
    Threading.REFERENCES: (
        references,
        [Facet.SENT, Facet.SUBJECT_KEY, Facet.IS_REPLY, Facet.ID, Facet.REFERENCES],
    ),
    Threading.REFS: (refs, [Facet.SENT, Facet.ID, Facet.REFERENCES]),
}


async def thread(command: Thread, view: View, user: User) -> Ok:
    """Find messages and show them in threads."""
    uids = await view.uids()
    at = await find(command.tag, command.key, view, user)
    algorithm, facets = ALGORITHMS[command.algorithm]
    columns = await read_columns(facets, at, view)
    if len(at) < len(uids):
        columns = {facet: [column[place] for place in at] for facet, column in columns.items()}
    forest = await algorithm(columns)
    numbers = [uids[place] for place in at] if command.uid else [place + 1 for place in at]
    threads = forest.threads(encoder.numbers(numbers).split())
    user.output.write(b"* THREAD " if at else b"* THREAD")
    while some := list(islice(threads, THREADS_AT_ONCE)):
        user.output.write(b"".join(some))
        await user.output.drain()
        await asyncio.sleep(0)
    user.output.write(b"\r\n")
    return Ok("That is all")
