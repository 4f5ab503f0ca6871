"""SEARCH: sift, test in batches, open what is left in doubt, answer; RFC 9051 6.4.4, RFC 4731, RFC 5182."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from posthouse.core.mail.criteria import keys
from posthouse.core.mail.criteria.candidate import NO_ROW, Candidate, Test
from posthouse.core.mail.criteria.keys import leaves
from posthouse.core.mail.criteria.opening import opened
from posthouse.core.mail.criteria.tests import Level
from posthouse.core.mail.digests.reading import Digests
from posthouse.core.turns import Turn
from posthouse.protocols.imap.commands.progress import Progress
from posthouse.protocols.imap.commands.reading import batches, read_rows
from posthouse.protocols.imap.commands.search.answer import answer, list_numbers, to_be_saved
from posthouse.protocols.imap.commands.search.indexed import read_texts
from posthouse.protocols.imap.commands.search.relevancy import Relevancy, rank, read_ranks, without_unranked
from posthouse.protocols.imap.commands.search.sieve import Sieve
from posthouse.protocols.imap.commands.search.tests import ViewCompiler
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.commands.search import Search
from posthouse.protocols.imap.wire.search import IsRecent, Numbers, Return, Uids
from posthouse.protocols.imap.wire.sequence import SequenceSet
from posthouse.storage.ranges import Range

ROWS_PER_BATCH = 250  # about 1 ms
POSITIONS_PER_BATCH = 2500


async def search(command: Search, view: View, user: User) -> Ok:
    """Find messages; the answer is ESEARCH when RETURN was given."""
    returns = command.returns
    if returns is None and view.dialect.rev2:
        returns = Return.ALL  # RFC 9051 6.4.4
    with to_be_saved(returns, view):
        found, relevancy = await find_ranked(command.tag, command.key, view, user)
        if returns is not None:
            return await answer(command, returns, found, relevancy, view, user)
        return await list_numbers(b"* SEARCH", command, found, view, user)


async def find(tag: str, key: keys.SearchKey, view: View, user: User) -> list[int]:
    """Ascending positions of the messages that fit; where that takes long the peer is told how far it has come."""
    found, _ = await find_ranked(tag, key, view, user)
    return found


async def find_ranked(tag: str, key: keys.SearchKey, view: View, user: User) -> tuple[list[int], Relevancy]:
    """The same, and how well they fit where FUZZY asks for that."""
    ranked = await rank(key, view, user)
    key = without_unranked(key, ranked)
    uids = await view.uids()
    turn = Turn()
    saves = any(isinstance(leaf, Numbers | Uids) and leaf.sequence.saved for leaf in leaves(key))
    compiler = ViewCompiler(view, uids, user.now(), await view.saved_positions() if saves else [])
    sieve = await sifted(key, compiler, view)
    relevancy = await read_ranks(sieve, ranked, view)
    await turn.share()
    bounds = sieve.bounds(key)
    if bounds.possible != bounds.certain:
        await sieve.read_flags(key, view, await sieve.ranges(bounds.possible ^ bounds.certain))
        bounds = sieve.bounds(key)
    if bounds.possible != bounds.certain:
        await read_texts(sieve, key, await sieve.ranges(bounds.possible ^ bounds.certain), view, user)
        await turn.share()
        bounds = sieve.bounds(key)
    found = sieve.positions(bounds.certain)
    await turn.share()
    doubtful = await sieve.ranges(bounds.possible ^ bounds.certain)
    if not doubtful:
        return found, relevancy
    level, test = compiler.compile(key, sieve.masks, sieve.known)
    goal = sum(stop - start for start, stop in doubtful)
    progress = Progress(tag, goal, user, user.contracts.settings.progress_seconds)
    wanted = frozenset(compiler.body_texts)
    found += [at async for at in _tested(doubtful, level, test, wanted, view, user, progress)]
    found.sort()
    return found, relevancy


async def sifted(key: keys.SearchKey, compiler: ViewCompiler, view: View) -> Sieve:
    """What sets and the digests of headers know of the search."""
    uids = await view.uids()
    sieve = Sieve(len(uids))
    positions = [(0, len(uids))] if uids else []
    for leaf in leaves(key):
        if isinstance(leaf, Numbers | Uids):
            await sieve.add_ranges(leaf, compiler.positions(leaf.sequence, uid=isinstance(leaf, Uids)))
        elif isinstance(leaf, IsRecent):
            await sieve.add_ranges(leaf, SequenceSet(tuple(view.recent)).uid_positions(uids), fit=leaf.recent)
    for part in key.keys if isinstance(key, keys.And) else (key,):
        if part in sieve.masks and isinstance(part, Numbers | Uids):
            # one that has to fit: so `UID 5:7 SUBJECT x` reads three messages
            positions = compiler.positions(part.sequence, uid=isinstance(part, Uids))
    digests = Digests(view.store, view.account, view.mailbox, uids, view.uid_next)
    await sieve.read(key, digests, positions)
    await sieve.read_ids(key, view, digests, positions)
    return sieve


async def _tested(
    positions: list[Range],
    level: Level,
    test: Test,
    wanted: frozenset[str],
    view: View,
    user: User,
    progress: Progress,
) -> AsyncIterator[int]:
    """The messages that fit, of those that had to be looked at."""
    turn = Turn()
    async for candidates in _candidates(view, positions, level):
        doubtful: list[Candidate] = []
        for one in candidates:
            result = test(one)
            if result:
                yield one.position
            elif result is None:
                doubtful.append(one)
        progress.passed(len(candidates) - len(doubtful))
        if doubtful:
            await turn.share()
            contents = opened(doubtful, wanted, view.store, view.account, view.mailbox, user.contracts.blobs)
            async with aclosing(contents) as messages:
                async for one in messages:
                    progress.passed()
                    if one.content is not None and test(one):
                        yield one.position
        await turn.share()


async def _candidates(view: View, positions: list[Range], level: Level) -> AsyncIterator[list[Candidate]]:
    uids = await view.uids()
    if level == Level.POSITION:
        for start, stop in positions:
            for first in range(start, stop, POSITIONS_PER_BATCH):
                yield [Candidate(at, uids[at], NO_ROW) for at in range(first, min(first + POSITIONS_PER_BATCH, stop))]
        return
    for batch in batches(positions, ROWS_PER_BATCH):
        rows = await read_rows(view, batch, level.columns)
        at = view.positions_of([row.uid for row in rows])
        yield [Candidate(n, row.uid, row, row.flags, row.keywords) for n, row in zip(at, rows, strict=True)]
