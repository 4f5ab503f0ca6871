"""SEARCH: narrow down, test in batches, open what is left in doubt, answer; RFC 9051 6.4.4, RFC 4731, RFC 5182."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncIterator

from posthouse.core.mail.reading import flag_page
from posthouse.protocols.imap.commands.reading import Batch, batches, read_rows
from posthouse.protocols.imap.commands.search.candidate import NO_ROW, Candidate
from posthouse.protocols.imap.commands.search.modseq import newest
from posthouse.protocols.imap.commands.search.opening import open_and_test
from posthouse.protocols.imap.commands.search.tests import Compiler, Level
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import Bad
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire import search as keys
from posthouse.protocols.imap.wire.commands import Search
from posthouse.protocols.imap.wire.search import Return
from posthouse.protocols.imap.wire.sequence import ranges_of
from posthouse.storage.ranges import Range

ROWS_PER_BATCH = 1000  # about 5 ms
FLAGS_PER_BATCH = 5000


async def search(command: Search, view: View, user: User) -> Ok:
    """Find messages; the answer is ESEARCH when RETURN was given."""
    if command.partial is not None:
        raise Bad("PARTIAL is not offered")
    returns = command.returns
    if returns is not None and returns & Return.SAVE:
        view.saved = []  # RFC 5182 2.1: a search that fails leaves nothing saved
    found = await find(command.key, view, user)
    uids = await view.uids()
    numbers = [uids[at] for at in found] if command.uid else [at + 1 for at in found]
    if returns is None:
        user.output.write(encoder.search(numbers, await newest(command.key, found, view)))
        return Ok("That is all")
    if returns & Return.SAVE:
        view.saved = ranges_of(uids[at] for at in _saved(found, returns))
        if returns == Return.SAVE:
            return Ok("Saved")
    user.output.write(
        encoder.esearch(
            command.tag,
            uid=command.uid,
            least=numbers[0] if numbers and returns & Return.MIN else None,
            largest=numbers[-1] if numbers and returns & Return.MAX else None,
            found=ranges_of(numbers) if returns & Return.ALL else (),
            count=len(numbers) if returns & Return.COUNT else None,
            modseq=await newest(command.key, _saved(found, returns), view),
        )
    )
    return Ok("That is all")


def _saved(found: list[int], returns: Return) -> list[int]:
    """RFC 5182 2.1: with MIN or MAX alone only those are saved."""
    if not found or returns & (Return.ALL | Return.COUNT) or not returns & (Return.MIN | Return.MAX):
        return found
    least = {found[0]} if returns & Return.MIN else set()
    largest = {found[-1]} if returns & Return.MAX else set()
    return sorted(least | largest)


async def find(key: keys.SearchKey, view: View, user: User) -> list[int]:
    """Ascending positions of the messages that fit."""
    uids = await view.uids()
    compiler = Compiler(view, uids, user.now())
    level, test = compiler.compile(key)
    positions = narrowed(key, compiler, len(uids))
    found: list[int] = []
    async for candidates in _candidates(view, positions, level):
        doubtful: list[Candidate] = []
        found_here: list[int] = []
        for one in candidates:
            result = test(one)
            if result:
                found_here.append(one.position)
            elif result is None:
                doubtful.append(one)
        if doubtful:
            found_here += await open_and_test(doubtful, test, frozenset(compiler.body_texts), view, user)
            found_here.sort()
        found += found_here
        await asyncio.sleep(0)
    return found


def narrowed(key: keys.SearchKey, compiler: Compiler, count: int) -> list[Range]:
    """The positions that a set in the key, where one has to fit, leaves over: so `UID 5:7` reads three messages."""
    parts = key.keys if isinstance(key, keys.And) else (key,)
    for part in parts:
        if isinstance(part, keys.Numbers | keys.Uids):
            return compiler.positions(part.sequence, uid=isinstance(part, keys.Uids))
    return [(0, count)] if count else []


async def _candidates(view: View, positions: list[Range], level: Level) -> AsyncIterator[list[Candidate]]:
    uids = await view.uids()
    if level == Level.POSITION:
        for start, stop in positions:
            for first in range(start, stop, FLAGS_PER_BATCH):
                yield [Candidate(at, uids[at], NO_ROW) for at in range(first, min(first + FLAGS_PER_BATCH, stop))]
        return
    for batch in batches(positions, FLAGS_PER_BATCH if level == Level.FLAGS else ROWS_PER_BATCH):
        if level == Level.FLAGS and batch.scattered is None:
            yield await _with_flags(view, batch)
        else:
            rows = await read_rows(view, batch, level.columns)
            at = view.positions_of([row.uid for row in rows])
            yield [Candidate(n, row.uid, row, row.flags, row.keywords) for n, row in zip(at, rows, strict=True)]


async def _with_flags(view: View, batch: Batch) -> list[Candidate]:
    uids = await view.uids()
    first, last = uids[batch.start], uids[batch.stop - 1]
    page = await view.store.read(flag_page, view.account, view.mailbox, first, last, batch.count)
    present, flags = array("I", page.uids), array("H", page.flags)
    at = view.positions_of(present)
    keywords = page.keywords
    return [
        Candidate(n, uid, NO_ROW, bits, keywords.get(uid, 0)) for n, uid, bits in zip(at, present, flags, strict=True)
    ]
