"""Which message number is which UID, in the mailbox as the peer of one session was told of it; RFC 9051 2.3.1.2.

The UIDs are read when first needed: a view of which only the counters are used stays small.
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left

import structlog

from posthouse.core.mail import reading
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.mailboxes import Mailbox, read_mailbox
from posthouse.core.turns import Turn
from posthouse.protocols.imap import mailbox_log
from posthouse.protocols.imap.errors import ViewLost
from posthouse.protocols.imap.known_uids import KnownUids
from posthouse.protocols.imap.windows import intersected, merged
from posthouse.protocols.imap.wire.sequence import SequenceSet
from posthouse.storage import ranges as uid_ranges
from posthouse.storage.changes import Changes
from posthouse.storage.contract import Store
from posthouse.storage.ranges import Range

UIDS_PER_READ = 5_000  # about 2 ms
RANGES_AT_ONCE = 2_000  # about 1 ms
NEWEST = 2**63 - 1  # since this modseq nothing happened

log = structlog.get_logger()


class Numbering:
    """The messages that the peer knows: those that were there at `modseq`, and those that are `gone` since untold."""

    __slots__ = ("_known", "account", "exists", "gone", "held", "mailbox", "modseq", "store", "uid_next")

    def __init__(
        self, store: Store, account: int, mailbox: Mailbox, modseq: int, known: KnownUids | None = None
    ) -> None:
        self.store = store
        self.account = account
        self.mailbox = mailbox.id
        self.modseq = modseq
        self.exists = mailbox.exists
        self.uid_next = mailbox.uid_next
        self.gone: list[Range] = []  # expunged, but the peer was not told yet
        self.held: array[int] | None = None  # all UIDs, while they are held
        self._known = known

    async def uids(self) -> array[int]:
        """The UID of each message as the peer knows them, by position from 0; raises ViewLost."""
        if self.held is None:
            recalled = await self._recalled()
            self.held = await self._load() if recalled is None else recalled[:]
            self._remember()
        return self.held

    async def uids_from(self, first: int) -> tuple[int, array[int]]:
        """How many messages stand before those that are given: the UIDs from `first` on, or all where they are known.

        So that what happens at the end of a large mailbox, where it mostly does, costs little. Raises ViewLost.
        """
        if self.held is not None:
            return 0, self.held
        recalled = await self._recalled()
        if recalled is not None:
            return 0, recalled
        # where most has to be read, all is read, which can be remembered
        found = await self._load(first if first * 2 > self.uid_next else 1)
        if len(found) == self.exists:
            self.held = found
            self._remember()
        return self.exists - len(found), found

    async def positions(self, ranges: list[Range]) -> list[Range]:
        """Where the messages of many UIDs are, ascending ranges of them as half-open ones; raises ViewLost."""
        return await _positions(ranges, await self.uids())

    def let_go(self, keep: int) -> None:
        """Forget the UIDs of a mailbox of more than `keep` messages; they are read again when needed."""
        if self.exists > keep:
            self._remember()
            self.held = None

    def add(self, created: list[Range]) -> None:
        """The peer hears of these, whose UIDs are all from `uid_next` on."""
        if self.held is not None:
            self.held.extend(uid_ranges.numbers(created))
        self.exists += uid_ranges.count(created)
        self.uid_next = created[-1][1] + 1

    async def remove_gone(self, *, spans: bool) -> list[range]:
        """The peer hears of all that are gone: their numbers from the last to the first, or nothing if not wanted.

        So no number shifts before it is told. Raises ViewLost.
        """
        found: list[range] = []
        if self.held is not None or spans:
            before, uids = await self.uids_from(self.gone[0][0])
            positions = await _positions(self.gone, uids)
            found = [range(before + stop, before + start, -1) for start, stop in reversed(positions)]
            if self.held is not None:
                self.held = await _without(self.held, positions)
        self.exists -= uid_ranges.count(self.gone)
        self.gone = []
        return found

    async def news(self) -> Changes:
        """What became of the mailbox since the peer was told of it; raises ViewLost."""
        try:
            changes = await mailbox_log.changes(self.store, self.account, self.mailbox, self.modseq)
            if changes.complete:
                return changes
            # the log was cut, but where nothing happened there is nothing to miss
            newest = await mailbox_log.changes(self.store, self.account, self.mailbox, NEWEST)
            mailbox = await self.store.read(read_mailbox, self.account, self.mailbox)
            return newest if mailbox.modseq <= self.modseq else changes
        except NoSuchMailbox:
            raise ViewLost("The mailbox was deleted") from None

    async def present(self, first: int) -> array[int]:
        """The UIDs that are there now, from `first` on, whatever the peer was told."""
        found = array("I")
        while True:
            page = await self.store.read(reading.uids, self.account, self.mailbox, first, UIDS_PER_READ)
            found.frombytes(page)
            if len(page) < UIDS_PER_READ * found.itemsize:
                return found
            first = found[-1] + 1
            await asyncio.sleep(0)

    async def compare(self) -> Changes:
        """What changed, found without the log, which no longer reaches back: any message's flags may have changed.

        Raises ViewLost where the UIDs are not held.
        """
        if self.held is None:
            raise ViewLost("The mailbox changed too much meanwhile")
        newest = await mailbox_log.changes(self.store, self.account, self.mailbox, NEWEST)
        highest = (await self.store.read(read_mailbox, self.account, self.mailbox)).modseq
        present = uid_ranges.merge((uid, uid) for uid in await self.present(1))
        known = uid_ranges.merge((uid, uid) for uid in self.held)
        gone = uid_ranges.subtract(known, present)
        # the record was read behind the log: what it has more will be told, and named, by the log
        return Changes(
            newest.modseq, present, uid_ranges.subtract(known, gone), gone, True, min(highest, newest.modseq)
        )

    # Inside

    def _remember(self) -> None:
        """Leave the UIDs to whoever looks at this mailbox next."""
        if self._known is not None and self.held is not None and not self.gone:
            self._known.put(self.account, self.mailbox, self.modseq, self.held)

    async def _recalled(self) -> array[int] | None:
        """All UIDs, from those that were left here and the log; None where that does not do. Not to be changed."""
        held = None if self._known is None else self._known.get(self.account, self.mailbox)
        if self._known is None or held is None or held[0] > self.modseq:
            return None
        changes = await mailbox_log.changes(self.store, self.account, self.mailbox, held[0], self.modseq)
        if not changes.complete:
            return None
        uids = held[1]
        if changes.destroyed:
            uids = await _without(uids, await _positions(changes.destroyed, uids))
        if changes.created:
            uids = uids + array("I", uid_ranges.numbers(changes.created))
        self._known.put(self.account, self.mailbox, self.modseq, uids)
        if self.gone and len(uids) != self.exists:  # to this peer what it was not told of is still there
            uids = await _with(uids, self.gone)
        return uids if len(uids) == self.exists else None

    async def _load(self, first: int = 1) -> array[int]:
        """The UIDs from `first` on as of `self.modseq`, whatever happened since.

        A message that came later has a UID from `uid_next` on, and one that went later stands in the change log: so
        the pages need not be of one snapshot, as long as the log is read after them.
        """
        found = await self.present(first)
        del found[bisect_left(found, self.uid_next) :]
        changes = await self.news()
        if not changes.complete:
            raise ViewLost("The mailbox changed too much meanwhile")
        gone = await intersected(await merged(self.gone, changes.destroyed), [(first, self.uid_next - 1)])
        if gone:
            found = await _with(found, gone)
        if len(found) > self.exists or (first == 1 and len(found) != self.exists):
            log.error("view differs from its counters", account=self.account, mailbox=self.mailbox)
            raise ViewLost("The mailbox has to be opened anew")
        return found


async def _positions(ranges: list[Range], uids: array[int]) -> list[Range]:
    turn = Turn()
    found: list[Range] = []
    for at in range(0, len(ranges), RANGES_AT_ONCE):
        some = SequenceSet(tuple(ranges[at : at + RANGES_AT_ONCE])).uid_positions(uids)
        if found and some and found[-1][1] == some[0][0]:
            some[0] = found.pop()[0], some[0][1]
        found += some
        await turn.share()
    return found


async def _with(uids: array[int], ranges: list[Range]) -> array[int]:
    """Ascending UIDs and those of merged ranges, each once."""
    every = array("I")
    at = 0
    turn = Turn()
    for first, last in ranges:
        start = bisect_left(uids, first, at)
        every += uids[at:start]
        every.extend(range(first, last + 1))
        at = bisect_left(uids, last + 1, start)
        await turn.share()
    return every + uids[at:]


async def _without(uids: array[int], positions: list[Range]) -> array[int]:
    kept = array("I")
    at = 0
    turn = Turn()
    for start, stop in positions:
        kept += uids[at:start]
        at = stop
        await turn.share()
    return kept + uids[at:]
