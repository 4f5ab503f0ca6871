"""What SEARCH and SORT answer with RETURN, and what they save; RFC 4731, RFC 5182, RFC 5267 3, RFC 9394 3.1."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from contextlib import contextmanager

from posthouse.core.mail.criteria import keys
from posthouse.core.turns import Turn
from posthouse.protocols.imap.commands.partial import places
from posthouse.protocols.imap.commands.search.modseq import ascending, newest
from posthouse.protocols.imap.commands.search.relevancy import Relevancy
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import Bad
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.search import MultiSearch, Search, Sort
from posthouse.protocols.imap.wire.search import ModSeq, Return
from posthouse.protocols.imap.wire.sequence import ranges_of
from posthouse.storage.ranges import Range

NUMBERS_AT_ONCE = 2_500  # about 1 ms
_SOME = Return.MIN | Return.MAX | Return.PARTIAL

# stand in no response: what is long is written in their place, as the peer takes it
_ALL, _PARTIAL, _RELEVANCY = b"\0A", b"\0P", b"\0R"
_LONG = re.compile(b"(\0[APR])")


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
    turn = Turn()
    for some in _pieces(found):
        user.output.write(encoder.numbers(_named(some, uids, uid=command.uid)))
        await user.output.drain()
        await turn.share()
    modseq = None
    if keys.holds(command.key, ModSeq):
        modseq = await newest(await _ascending(command, found, len(uids)), view)
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
        view.saved = await _uid_ranges(await _saved(command, returns, found, len(uids)), uids)
        if returns == Return.SAVE:
            return Ok("Saved")
    modseq = None
    if keys.holds(command.key, ModSeq):
        modseq = await newest(await _saved(command, returns, found, len(uids)), view)
    partial = command.partial
    shown = [] if partial is None else found[slice(*places(partial, len(found)))]
    line = encoder.esearch(
        command.tag,
        uid=command.uid,
        mailbox=None if mailbox is None else (mailbox, view.uid_validity),
        utf8=user.dialect.utf8,
        least=_named(found[:1], uids, uid=command.uid)[0] if found and returns & Return.MIN else None,
        largest=_named(found[-1:], uids, uid=command.uid)[0] if found and returns & Return.MAX else None,
        found=_ALL if found and returns & Return.ALL else b"",
        count=len(found) if returns & Return.COUNT else None,
        modseq=modseq,
        relevancy=_RELEVANCY if returns & Return.RELEVANCY else None,
        partial=None if partial is None else (partial, _PARTIAL if shown else b""),
    )
    for part in _LONG.split(line):
        if part == _RELEVANCY:
            await _write_scores(await relevancy.scores(found), user)
        elif part in (_ALL, _PARTIAL):
            await _write_set(found if part == _ALL else shown, uids, user, uid=command.uid)
        else:
            user.output.write(part)
    return Ok("That is all")


def _pieces(found: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(found), NUMBERS_AT_ONCE):
        yield found[start : start + NUMBERS_AT_ONCE]


def _named(positions: list[int], uids: array[int], *, uid: bool) -> list[int]:
    """What the messages there are called."""
    return [uids[at] for at in positions] if uid else [at + 1 for at in positions]


async def _write_set(found: list[int], uids: array[int], user: User, *, uid: bool) -> None:
    """Messages in their order as one set, in pieces."""
    turn = Turn()
    last: list[Range] = []  # which may go on in the next piece
    comma = b""
    for some in _pieces(found):
        ranges = _joined(last, ranges_of(_named(some, uids, uid=uid)))
        last = [ranges.pop()]
        if ranges:
            user.output.write(comma + encoder.uid_set(ranges))
            comma = b","
        await user.output.drain()
        await turn.share()
    user.output.write(comma + encoder.uid_set(last))


async def _write_scores(scores: list[int], user: User) -> None:
    turn = Turn()
    blank = b""
    for some in _pieces(scores):
        user.output.write(blank + b" ".join([b"%d" % score for score in some]))  # RFC 6203 4
        blank = b" "
        await user.output.drain()
        await turn.share()


async def _uid_ranges(positions: list[int], uids: array[int]) -> list[Range]:
    turn = Turn()
    ranges: list[Range] = []
    for some in _pieces(positions):
        ranges += _joined([ranges.pop()] if ranges else [], ranges_of(_named(some, uids, uid=True)))
        await turn.share()
    return ranges


def _joined(last: list[Range], more: list[Range]) -> list[Range]:
    if last and more and last[0][1] + 1 == more[0][0]:
        more[0] = last[0][0], more[0][1]
        return more
    return last + more


async def _saved(command: Search | Sort | MultiSearch, returns: Return, found: list[int], count: int) -> list[int]:
    """RFC 5182 2.1, RFC 9394 3.1: where only MIN, MAX or PARTIAL are asked for, what they show; ascending."""
    if not found or returns & (Return.ALL | Return.COUNT) or not returns & _SOME:
        return await _ascending(command, found, count)
    kept = [] if command.partial is None else found[slice(*places(command.partial, len(found)))]
    if returns & Return.MIN:
        kept.append(found[0])
    if returns & Return.MAX:
        kept.append(found[-1])
    return await ascending(kept, count)


async def _ascending(command: Search | Sort | MultiSearch, found: list[int], count: int) -> list[int]:
    return await ascending(found, count) if isinstance(command, Sort) else found
