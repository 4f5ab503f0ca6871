"""Looking whether messages fit a search folder's criteria, as SEARCH does: from their items, their records, the index.

What only the content tells is asked of the search index, and where that does not know of the message itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from posthouse.core.mail.criteria import keys
from posthouse.core.mail.criteria.candidate import Candidate, Test
from posthouse.core.mail.criteria.opening import opened
from posthouse.core.mail.criteria.tests import Compiled, Compiler
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.mailboxes import read_mailbox
from posthouse.core.mail.messages import Row, rows, some_rows
from posthouse.core.mail.search_folders.pending import Look
from posthouse.core.mail.search_folders.settling import Verdict
from posthouse.core.search.contract import HOLDS, HOLDS_NOT, Candidates, TextSearch
from posthouse.formats.casemap import casemap
from posthouse.storage import ranges as uid_ranges
from posthouse.storage.blobs.contract import Blobs
from posthouse.storage.contract import Store
from posthouse.storage.ranges import Range

ROWS_AT_ONCE = 200  # about 1 ms, and as much to write
SIDE_BY_SIDE = 16  # so many UIDs in a row are read as a range, fewer one by one
SECONDS_AT_A_TIME = 0.002
NO_AGE_MS = 10**15  # no message comes to be so old: some 30,000 years

TextKey = keys.Body | keys.Text


class Judge:
    """One account's messages against one folder's criteria at one time (`now` in ms)."""

    def __init__(
        self, store: Store, blobs: Blobs, search: TextSearch, account: int, criteria: keys.SearchKey, now: int
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._search = search
        self._account = account
        self._criteria = criteria
        self._now = now
        ages = [leaf for leaf in keys.leaves(criteria) if isinstance(leaf, keys.Older | keys.Younger)]
        # at that very age a message is both, older and younger (RFC 5032 3)
        turning = {age.seconds * 1000 + isinstance(age, keys.Younger) for age in ages}
        self._turning = sorted(age for age in turning if age < NO_AGE_MS)
        self._candidates: dict[TextKey, Candidates] = {}

    async def verdicts(self, looks: list[Look]) -> AsyncIterator[Verdict]:
        """What is to be said of the messages, some at a time; of those that are gone too."""
        for look in looks:
            try:
                mailbox = await self._store.read(read_mailbox, self._account, look.mailbox)
            except NoSuchMailbox:
                yield Verdict(look.mailbox, look.uids, [])
                continue
            compiler = _Compiler(mailbox.keywords, self._now, self._account)
            level, test = compiler.test_of(self._criteria)
            async for looked, found in self._rows(look, level.columns):
                fitting = await self._fitting(look.mailbox, found, test, compiler)
                due = [(when, row.uid) for row in found if (when := self._due(row)) is not None]
                yield Verdict(look.mailbox, looked, fitting, due)
                await asyncio.sleep(0)

    async def _rows(self, look: Look, columns: int) -> AsyncIterator[tuple[list[Range], list[Row]]]:
        """Messages that are there, with the ranges that they are all of."""
        mailbox = self._account, look.mailbox
        scattered: list[Range] = []
        for span_first, last in look.uids:
            if last - span_first < SIDE_BY_SIDE:
                scattered.append((span_first, last))
                if uid_ranges.count(scattered) >= ROWS_AT_ONCE:
                    yield scattered, await self._some(look.mailbox, scattered, columns)
                    scattered = []
                continue
            first = span_first
            while first <= last:
                found = await self._store.read(rows, *mailbox, first, last, ROWS_AT_ONCE, columns)
                upto = last if len(found) < ROWS_AT_ONCE else found[-1].uid
                yield [(first, upto)], found
                first = upto + 1
        if scattered:
            yield scattered, await self._some(look.mailbox, scattered, columns)

    async def _some(self, mailbox: int, looked: list[Range], columns: int) -> list[Row]:
        return await self._store.read(some_rows, self._account, mailbox, [*uid_ranges.numbers(looked)], columns)

    async def _fitting(self, mailbox: int, found: list[Row], test: Test, compiler: _Compiler) -> list[int]:
        fitting = []
        doubtful = []
        for row in found:
            one = Candidate(0, row.uid, row, row.flags, row.keywords)
            result = test(one)
            if result:
                fitting.append(row.uid)
            elif result is None:
                doubtful.append(one)
        for leaf in compiler.texts if doubtful else ():
            await self._ask_index(leaf, compiler.texts[leaf], [one.row.message for one in doubtful])
        unknown = []
        for one in doubtful:
            result = test(one)
            if result:
                fitting.append(one.uid)
            elif result is None:
                unknown.append(one)
        wanted = frozenset(compiler.body_texts)
        contents = opened(unknown, wanted, self._store, self._account, mailbox, self._blobs)
        async with aclosing(contents) as messages:
            fitting += [one.uid async for one in messages if one.content is not None and test(one)]
        return sorted(fitting)

    async def _ask_index(self, leaf: TextKey, known: dict[int, bool], messages: list[int]) -> None:
        """Find out which of the messages hold a text, as far as the index knows."""
        text = casemap(leaf.text)
        if not text:
            return
        if leaf not in self._candidates:
            self._candidates[leaf] = await self._search.candidates(self._account, text)
        candidates = self._candidates[leaf]
        indexed = [message for message in messages if message <= candidates.upto]
        likely = indexed
        if candidates.messages is not None:
            likely = [message for message in indexed if message in candidates.messages]
            known.update(dict.fromkeys(set(indexed).difference(likely), False))
        in_header = isinstance(leaf, keys.Text)
        while likely:
            answers = await self._search.holding(self._account, text, in_header, likely, SECONDS_AT_A_TIME)
            for message, answer in zip(likely, answers, strict=False):
                if answer in (HOLDS, HOLDS_NOT):
                    known[message] = answer == HOLDS
            likely = likely[len(answers) :]
            await asyncio.sleep(0)

    def _due(self, row: Row) -> int | None:
        """When time alone may change whether it fits; RFC 5032."""
        return next((row.received + age for age in self._turning if row.received + age > self._now), None)


class _Compiler(Compiler):
    """Tests that ask first what the index has said: `texts` has that by key and message."""

    def __init__(self, keywords: tuple[str, ...], now: int, account: int) -> None:
        super().__init__(keywords, now, account, account)
        self.texts: dict[TextKey, dict[int, bool]] = {}

    def test_of(self, key: keys.SearchKey) -> Compiled:
        """(level, test) of a key."""
        level, test = super().test_of(key)
        if not isinstance(key, keys.Body | keys.Text):
            return level, test
        known = self.texts.setdefault(key, {})

        def indexed(one: Candidate) -> bool | None:
            answer = known.get(one.row.message)
            return test(one) if answer is None else answer

        return level, indexed
