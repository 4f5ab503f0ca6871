"""THREAD: find, put in trees, show them; RFC 5256 3."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import islice

from posthouse.protocols.imap.commands.columns import read_columns
from posthouse.protocols.imap.commands.search.command import find
from posthouse.protocols.imap.commands.thread.kept import (
    FEW,
    THREADS_AT_ONCE,
    WAYS,
    KeptThreads,
    kept_threads,
    names_of,
    updated,
)
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.orders import LEAST, changed
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.commands.search import Thread

OCTETS_AT_ONCE = 65_536


async def thread(command: Thread, view: View, user: User) -> Ok:
    """Find messages and show them in threads; those of a whole large mailbox are kept for the next who asks."""
    uids = await view.uids()
    at = await find(command.tag, command.key, view, user)
    user.output.write(b"* THREAD " if at else b"* THREAD")
    if LEAST <= len(at) == len(uids):
        lines = (await _of_all(command, view, user)).lines
        for start in range(0, len(lines), OCTETS_AT_ONCE):
            user.output.write(lines[start : start + OCTETS_AT_ONCE].replace(b"\n", b""))
            await user.output.drain()
    else:
        async for piece in _threads(command, at, view):
            user.output.write(piece)
            await user.output.drain()
    user.output.write(b"\r\n")
    return Ok("That is all")


async def _of_all(command: Thread, view: View, user: User) -> KeptThreads:
    uids = await view.uids()
    way = WAYS[command.algorithm]
    orders, key = user.contracts.orders, (view.account, view.mailbox, command.algorithm, command.uid)
    threads: KeptThreads | None = None
    held = orders.get(key)
    if held is not None:
        before, kept = held
        assert isinstance(kept, KeptThreads)
        change = changed(before, uids, FEW)
        if change == ([], []):
            return kept
        if change is not None:
            threads = await updated(kept, before, *change, way, view, uid=command.uid)
    if threads is None:
        threads = await kept_threads(way, view, uid=command.uid)
    orders.keep(key, uids, threads, user.contracts.settings.kept_orders_octets)
    return threads


async def _threads(command: Thread, at: list[int], view: View) -> AsyncIterator[bytes]:
    """The threads of the messages at those positions as they are shown, some at a time."""
    uids = await view.uids()
    way = WAYS[command.algorithm]
    columns = await read_columns(way.facets, at, view)
    if len(at) < len(uids):
        for facet, column in columns.items():
            columns[facet] = [column[place] for place in at]
            await asyncio.sleep(0)
    forest = (await way.algorithm(columns)).forest
    threads = forest.threads(await names_of(at, uids, uid=command.uid))
    while some := list(islice(threads, THREADS_AT_ONCE)):
        yield b"".join(some)
        await asyncio.sleep(0)
