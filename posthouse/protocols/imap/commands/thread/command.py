"""THREAD: find, put in trees, show them; RFC 5256 3."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import islice

from posthouse.core.turns import Turn
from posthouse.protocols.imap.commands.columns import read_columns
from posthouse.protocols.imap.commands.search.command import find
from posthouse.protocols.imap.commands.sorting import let_go, picked
from posthouse.protocols.imap.commands.thread.kept import (
    FEW,
    OCTETS_AT_ONCE,
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


async def thread(command: Thread, view: View, user: User) -> Ok:
    """Find messages and show them in threads; those of a whole large mailbox are kept for the next who asks."""
    uids = await view.uids()
    at = await find(command.tag, command.key, view, user)
    await asyncio.sleep(0)
    user.output.write(b"* THREAD " if at else b"* THREAD")
    if LEAST <= len(at) == len(uids):
        with user.contracts.collector.held_off():
            lines = (await _of_all(command, view, user)).lines
        for start in range(0, len(lines), OCTETS_AT_ONCE):
            user.output.write(lines[start : start + OCTETS_AT_ONCE].replace(b"\n", b""))
            await user.output.drain()
    else:
        with user.contracts.collector.held_off():
            threads = await _threads(command, at, view)
        turn = Turn()
        await asyncio.sleep(0)
        while some := b"".join(islice(threads, THREADS_AT_ONCE)):
            user.output.write(some)
            await user.output.drain()
            await turn.share()
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


async def _threads(command: Thread, at: list[int], view: View) -> Iterator[bytes]:
    """The threads of the messages at those positions as they are shown."""
    uids = await view.uids()
    way = WAYS[command.algorithm]
    columns = await read_columns(way.facets, at, view)
    if len(at) < len(uids):
        for facet, column in columns.items():
            columns[facet] = await picked(column, at)
            await let_go(column)
    threads = await way.algorithm(columns)
    await let_go(*columns.values())
    await threads.links.let_go()
    return threads.forest.threads(await names_of(at, uids, uid=command.uid))
