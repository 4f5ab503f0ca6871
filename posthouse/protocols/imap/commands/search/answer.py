"""What SEARCH and SORT answer with RETURN, and what they save; RFC 4731, RFC 5182, RFC 5267 3, RFC 9394 3.1."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from posthouse.protocols.imap.commands.partial import places
from posthouse.protocols.imap.commands.search.modseq import newest
from posthouse.protocols.imap.commands.search.relevancy import Relevancy
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import Bad
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.search import MultiSearch, Search, Sort
from posthouse.protocols.imap.wire.search import Return
from posthouse.protocols.imap.wire.sequence import ranges_of
from posthouse.storage.ranges import Range

NUMBERS_AT_ONCE = 5_000  # about 1 ms
_SOME = Return.MIN | Return.MAX | Return.PARTIAL


@contextmanager
def to_be_saved(returns: Return | None, view: View) -> Iterator[None]:
    """A search, which may look through what was saved: after NO nothing is saved, after BAD what was; RFC 5182 2.1."""
    try:
        yield
    except Bad:
        raise
    except Exception:
        if returns is not None and returns & Return.SAVE:
            view.saved = []
        raise


async def list_numbers(head: bytes, command: Search | Sort, found: list[int], view: View, user: User) -> Ok:
    """SEARCH or SORT: what was found, in pieces as the peer takes them; RFC 3501 7.2.5, RFC 5256 4."""
    uids = await view.uids()
    user.output.write(head)
    for at in range(0, len(found), NUMBERS_AT_ONCE):
        some = found[at : at + NUMBERS_AT_ONCE]
        user.output.write(encoder.numbers([uids[at] for at in some] if command.uid else [at + 1 for at in some]))
        await user.output.drain()
        await asyncio.sleep(0)
    modseq = await newest(command.key, sorted(found), view)
    user.output.write(b"\r\n" if modseq is None else b" (MODSEQ %d)\r\n" % modseq)  # RFC 7162 3.1.6
    return Ok("That is all")


async def answer(
    command: Search | Sort | MultiSearch,
    returns: Return,
    found: list[int],
    relevancy: Relevancy,
    view: View,
    user: User,
    *,
    mailbox: str | None = None,
) -> Ok:
    """Show what RETURN asks of the positions that were found, in their order; `mailbox` names one of several."""
    uids = await view.uids()
    if returns & Return.SAVE:
        view.saved = ranges_of(uids[at] for at in _saved(found, returns, command.partial))
        if returns == Return.SAVE:
            return Ok("Saved")
    numbers = [uids[at] for at in found] if command.uid else [at + 1 for at in found]
    partial = command.partial
    await asyncio.sleep(0)
    line = encoder.esearch(
        command.tag,
        uid=command.uid,
        mailbox=None if mailbox is None else (mailbox, view.uid_validity),
        utf8=user.dialect.utf8,
        least=numbers[0] if numbers and returns & Return.MIN else None,
        largest=numbers[-1] if numbers and returns & Return.MAX else None,
        found=_HERE if numbers and returns & Return.ALL else b"",
        count=len(numbers) if returns & Return.COUNT else None,
        modseq=await newest(command.key, _saved(found, returns, command.partial), view),
        relevancy=await relevancy.scores(found) if returns & Return.RELEVANCY else None,
        partial=None if partial is None else (partial, ranges_of(numbers[slice(*places(partial, len(numbers)))])),
    )
    head, sign, tail = line.partition(_HERE)
    user.output.write(head)
    if sign:
        await _write_set(numbers, user)
        user.output.write(tail)
    return Ok("That is all")


_HERE = b"\0"  # stands in no response: what is long is written in its place, as the peer takes it


async def _write_set(numbers: list[int], user: User) -> None:
    """Numbers in their order as one set, in pieces."""
    ranges: list[Range] = []
    for start in range(0, len(numbers), NUMBERS_AT_ONCE):
        more = ranges_of(numbers[start : start + NUMBERS_AT_ONCE])
        if ranges and ranges[-1][1] + 1 == more[0][0]:
            more[0] = ranges.pop()[0], more[0][1]
        ranges += more
        await asyncio.sleep(0)
    for start in range(0, len(ranges), NUMBERS_AT_ONCE):
        user.output.write((b"," if start else b"") + encoder.uid_set(ranges[start : start + NUMBERS_AT_ONCE]))
        await user.output.drain()
        await asyncio.sleep(0)


def _saved(found: list[int], returns: Return, partial: tuple[int, int] | None) -> list[int]:
    """RFC 5182 2.1, RFC 9394 3.1: where only MIN, MAX or PARTIAL are asked for, what they show; ascending."""
    if not found or returns & (Return.ALL | Return.COUNT) or not returns & _SOME:
        return sorted(found)
    kept = set(found[slice(*places(partial, len(found)))]) if partial is not None else set()
    if returns & Return.MIN:
        kept.add(found[0])
    if returns & Return.MAX:
        kept.add(found[-1])
    return sorted(kept)
