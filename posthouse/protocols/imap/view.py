"""The selected mailbox as one session sees it: which message number is which UID, and what the peer was told.

What the peer knows is the mailbox as it was at one modseq; `catch_up` brings it up to date where RFC 3501 7.4.1 allows.
The UIDs are read when first needed: a view of which only the counters are used stays small.
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Sequence

import structlog

from posthouse.core.mail import messages, reading
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.flags import flags_allowed
from posthouse.core.mail.mailboxes import claim_recent, read_mailbox
from posthouse.core.sharing.errors import NotAllowed
from posthouse.core.sharing.rights import ALL, Right
from posthouse.protocols.connection import Output
from posthouse.protocols.imap import mailbox_log
from posthouse.protocols.imap.dialect import Dialect
from posthouse.protocols.imap.known_uids import KnownUids
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.fetch_encoder import FlagLists
from posthouse.protocols.imap.wire.flags import SYSTEM_FLAGS
from posthouse.protocols.imap.wire.sequence import SequenceSet
from posthouse.storage import ranges as uid_ranges
from posthouse.storage.changes import Changes
from posthouse.storage.contract import Store, StoreUnavailable
from posthouse.storage.ranges import Range

UIDS_PER_READ = 5_000  # about 2 ms
ROWS_PER_READ = 1_000
Refresh = Callable[[int, int], Awaitable[None]]  # brings a search folder (account, mailbox) up to date

NEWEST = 2**63 - 1  # since this modseq nothing happened

log = structlog.get_logger()


class ViewLost(Exception):
    """The mailbox went, or changed more than can be told: the session has to end."""


class View:
    """One selected mailbox."""

    __slots__ = (
        "_gone",
        "_known",
        "_refresh",
        "_safe",
        "_uids",
        "account",
        "called",
        "claims",
        "dialect",
        "exists",
        "flag_lists",
        "highest",
        "id_mark",
        "mailbox",
        "modseq",
        "read_only",
        "recent",
        "recent_count",
        "rights",
        "saved",
        "store",
        "uid_next",
        "uid_validity",
        "virtual",
    )

    def __init__(
        self,
        store: Store,
        account: int,
        opened: reading.Opened,
        dialect: Dialect,
        *,
        read_only: bool,
        rights: Right = ALL,
        claims: bool = True,
        known: KnownUids | None = None,
        refresh: Refresh | None = None,
    ) -> None:
        mailbox = opened.mailbox
        self.store = store
        self._known = known
        self._refresh = refresh
        self.virtual = mailbox.virtual  # a search folder: what is done here is done where its messages are
        self.account = account
        self.called = opened.mailbox.name  # by its owner, where its reader has no other name for it
        self.dialect = dialect
        self.mailbox = mailbox.id
        self.uid_validity = mailbox.uid_validity
        self.uid_next = mailbox.uid_next
        self.exists = mailbox.exists
        self.modseq = opened.modseq  # the account's, up to which the peer was told all but `_gone`
        self.highest = mailbox.modseq  # the newest of this mailbox's own up to there
        self.read_only = read_only
        self.claims = claims and not read_only and not dialect.rev2  # \Recent messages are this session's own
        self.rights = rights
        self.id_mark = b""  # what stands in the object ids of another account's messages; RFC 8474 3
        self.flag_lists = FlagLists(mailbox.keywords)
        # UIDs that this session shows as \Recent (RFC 3501 2.3.2)
        self.recent: list[Range] = []
        self.recent_count = 0
        if opened.recent and not dialect.rev2:
            self.recent = [(mailbox.recent_from, mailbox.uid_next - 1)]
            self.recent_count = opened.recent
        self.saved: list[Range] = []  # UIDs of SEARCH RETURN (SAVE); RFC 5182
        self._gone: list[Range] = []  # expunged, but the peer was not told yet
        self._safe = 0  # what `highest` was before that
        self._uids: array[int] | None = None

    @classmethod
    async def open(
        cls,
        store: Store,
        account: int,
        name: str,
        dialect: Dialect,
        *,
        read_only: bool,
        rights: Right = ALL,
        claims: bool = True,
        known: KnownUids | None = None,
        refresh: Refresh | None = None,
    ) -> View:
        r"""The mailbox of that name; its \Recent messages become this session's, if it is to claim any.

        Raises NoSuchMailbox.
        """
        opened = await store.read(reading.open_mailbox, account, name)
        if not opened.mailbox.virtual:
            refresh = None
        elif refresh is not None:
            await refresh(account, opened.mailbox.id)
            opened = await store.read(reading.open_mailbox, account, name)
        view = cls(
            store,
            account,
            opened,
            dialect,
            read_only=read_only,
            rights=rights,
            known=known,
            claims=claims,
            refresh=refresh,
        )
        if not opened.recent or not view.claims:
            return view
        # claimed first, looked at afterwards: so all that was claimed is in the view
        first = await store.write(claim_recent, account, opened.mailbox.id)
        opened = await store.read(reading.open_mailbox, account, name)
        view = cls(store, account, opened, dialect, read_only=False, rights=rights, known=known, refresh=refresh)
        recent = await view._present(first)
        del recent[bisect_left(recent, view.uid_next) :]
        view.recent = [(first, view.uid_next - 1)] if recent else []
        view.recent_count = len(recent)
        return view

    # Numbers and UIDs

    async def uids(self) -> array[int]:
        """The UID of each message as the peer knows them, by position from 0."""
        if self._uids is None:
            recalled = await self._recalled()
            self._uids = await self._load() if recalled is None else recalled[:]
            self._remember()
        return self._uids

    def let_go(self, keep: int) -> None:
        """Forget the UIDs of a mailbox of more than `keep` messages; they are read again when needed."""
        if self.exists > keep:
            self._remember()
            self._uids = None

    async def positions(self, sequence: SequenceSet, *, uid: bool) -> list[Range]:
        """The messages that a set names, as half-open ranges of positions in `uids()`.

        The caller has seen to it that no message number is too large (`SequenceSet.exceeds`).
        """
        uids = await self.uids()
        if sequence.saved:
            return SequenceSet(tuple(self.saved)).uid_positions(uids)
        return sequence.uid_positions(uids) if uid else sequence.positions(self.exists)

    async def uid_ranges(self, sequence: SequenceSet, *, uid: bool) -> list[Range]:
        """Likewise as inclusive ranges of UIDs that name no other message."""
        uids = await self.uids()
        return [(uids[start], uids[stop - 1]) for start, stop in await self.positions(sequence, uid=uid)]

    def position(self, uid: int) -> int | None:
        """Where the message of that UID is; None when the peer does not know it. The UIDs must be loaded."""
        assert self._uids is not None
        at = bisect_left(self._uids, uid)
        return at if at < len(self._uids) and self._uids[at] == uid else None

    def positions_of(self, uids: Sequence[int]) -> Sequence[int]:
        """Where the messages of those ascending UIDs are; all are known, and `uids()` was awaited."""
        known = self._uids
        assert known is not None
        if not uids:
            return ()
        first = bisect_left(known, uids[0])
        last = bisect_left(known, uids[-1], first)
        if last - first + 1 == len(uids):
            return range(first, last + 1)  # they stand side by side, as in most requests
        return [bisect_left(known, uid, first, last + 1) for uid in uids]

    def flags_of(self, uid: int, flags: int, keywords: int) -> bytes:
        """A message's flags as shown, \\Recent among them for this session's recent messages."""
        return self.flag_lists.render(flags, keywords, recent=bool(self.recent) and self.is_recent(uid))

    def flags_announced(self) -> bytes:
        """The FLAGS response and the PERMANENTFLAGS code; RFC 9051 7.1, 7.3.5."""
        names = [name for _, name in SYSTEM_FLAGS] + list(self.flag_lists.keywords)
        allowed = 0 if self.read_only else flags_allowed(self.rights)  # RFC 4314 5.1.1
        keywords = not self.read_only and bool(self.rights & Right.WRITE)
        lasting_names = [name for bit, name in SYSTEM_FLAGS if bit & allowed]
        lasting_names += self.flag_lists.keywords if keywords else ()
        lasting = encoder.permanent_flags(lasting_names, new_keywords=keywords)
        return encoder.flags(names) + encoder.status_line("*", "OK", "What can be stored", lasting)

    def need(self, rights: Right) -> None:
        """Raise NotAllowed unless the session's user has all of these."""
        if rights & ~self.rights:
            raise NotAllowed(str(self.mailbox))

    def renew(self, rights: Right, output: Output) -> None:
        """One's rights are these now; RFC 4314 5.1.1. Raises ViewLost when the mailbox may no longer be read."""
        if not rights & Right.READ:
            raise ViewLost("The mailbox is no longer there")
        if rights != self.rights:
            self.rights = rights
            output.write(self.flags_announced())

    @property
    def marks_seen(self) -> bool:
        r"""True when reading a body gives a message \Seen."""
        return not self.read_only and bool(self.rights & Right.SEEN)

    def forget_recent(self) -> None:
        r"""Nothing is \Recent any more (RFC 9051, appendix E)."""
        self.recent, self.recent_count = [], 0

    def is_recent(self, uid: int) -> bool:
        """True for a message that this session was told of first."""
        return any(first <= uid <= last for first, last in self.recent)

    # What others did

    @property
    def synced(self) -> int:
        """HIGHESTMODSEQ: up to where a peer that is cut off now has missed nothing (RFC 7162 3.2)."""
        return self._safe if self._gone else self.highest

    def did(self, modseq: int) -> None:
        """This session's own change became `modseq`, and its peer knows of it."""
        if modseq == self.modseq + 1:
            self.modseq = self.highest = modseq

    async def refresh(self) -> None:
        """Where this is a search folder, bring it up to date; what that changes is told by catching up."""
        if self._refresh is not None:
            try:
                await self._refresh(self.account, self.mailbox)
            except NoSuchMailbox:
                raise ViewLost("The mailbox was deleted") from None

    async def catch_up(self, output: Output, *, expunges: bool = True, flags: bool = True) -> list[Range]:
        """Tell what changed since the last time: flags, then EXPUNGE where allowed, EXISTS and RECENT.

        The UIDs of new messages that were told of. Without `flags` the peer does not care for those.

        Raises ViewLost.
        """
        await self.refresh()
        changes = await self._changes()
        if changes.complete and changes.modseq == self.modseq and not self._gone:
            await output.drain()
            return []
        if changes.created and self.claims:
            changes = await self._claim_recent()
        whole = changes.complete
        if not whole:
            changes = await self._compare_all()
        if changes.created or changes.updated:
            await self._learn_keywords(output)
        if flags:
            await self.tell_flags(changes.updated, output)
        delayed = bool(self._gone)
        if changes.destroyed:
            if not delayed:
                self._safe = self.highest
            self._gone = uid_ranges.merge(self._gone + changes.destroyed)
        if expunges and self._gone:
            await self._tell_gone(output)
        arrived = uid_ranges.subtract(changes.created, [(1, self.uid_next - 1)])
        if arrived:
            self._tell_arrived(arrived, output)
        self.modseq = changes.modseq
        self.highest = max(self.highest, changes.newest)
        if self.dialect.condstore and (delayed or self._gone):
            # RFC 7162 3.2: higher ones were told, but those messages that went were not, or have only now been told
            self.tell_synced(output)
        await output.drain()
        if not whole:
            # what happened while all was compared may have been told in part: the log knows it exactly
            arrived += await self.catch_up(output, expunges=expunges, flags=flags)
        return arrived

    def tell_synced(self, output: Output) -> None:
        """The HIGHESTMODSEQ code; RFC 7162 3.1.2.1."""
        code = encoder.number_code(b"HIGHESTMODSEQ", self.synced)
        output.write(encoder.status_line("*", "OK", "The newest change", code))

    async def changes(self, since: int) -> Changes:
        """What became of the mailbox between `since` and what the peer was told of; raises ViewLost."""
        try:
            found = await mailbox_log.changes(self.store, self.account, self.mailbox, since, self.modseq)
        except NoSuchMailbox:
            raise ViewLost("The mailbox was deleted") from None
        return found if not self._gone else found.without(self._gone)

    async def _changes(self) -> Changes:
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

    async def _claim_recent(self) -> Changes:
        # claimed first, looked at afterwards: so what was claimed is among what is told
        try:
            first = await self.store.write(claim_recent, self.account, self.mailbox)
        except StoreUnavailable:
            return await self._changes()  # a message that nobody sees as recent is better than one that nobody sees
        except NoSuchMailbox:
            raise ViewLost("The mailbox was deleted") from None
        changes = await self._changes()
        claimed = [(max(first, new), last) for new, last in changes.created if last >= first]
        self.recent = uid_ranges.merge(self.recent + claimed)
        return changes

    async def tell_flags(self, updated: Sequence[Range], output: Output) -> None:
        """The flags of those messages that are still there, and known to the peer."""
        if not updated:
            return
        numbered = not self.dialect.uid_only
        before, uids = await self._from(updated[0][0]) if numbered else (0, array("I"))
        flags_line = self.dialect.flags_line
        for start, last in updated:
            first = start
            while first <= last:
                rows = await self.store.read(messages.rows, self.account, self.mailbox, first, last, ROWS_PER_READ, 0)
                for row in rows:
                    at = bisect_left(uids, row.uid)
                    if not numbered or (at < len(uids) and uids[at] == row.uid):
                        flags = self.flags_of(row.uid, row.flags, row.keywords)
                        output.write(flags_line(before + at + 1, row.uid, flags, row.modseq))
                await output.drain()
                if len(rows) < ROWS_PER_READ:
                    break
                first = rows[-1].uid + 1
                await asyncio.sleep(0)

    async def _learn_keywords(self, output: Output) -> None:
        try:
            mailbox = await self.store.read(read_mailbox, self.account, self.mailbox)
        except NoSuchMailbox:
            raise ViewLost("The mailbox was deleted") from None
        self.learn_keywords(mailbox.keywords, output)

    def learn_keywords(self, keywords: tuple[str, ...], output: Output) -> None:
        """The mailbox has more keywords now: tell the peer before one is shown."""
        if keywords != self.flag_lists.keywords:
            self.flag_lists = FlagLists(keywords)
            output.write(self.flags_announced())

    async def _tell_gone(self, output: Output) -> None:
        gone = self._gone
        spans: list[range] = []
        if self._uids is not None or not self.dialect.names_gone:
            before, uids = await self._from(gone[0][0])
            positions = SequenceSet(tuple(gone)).uid_positions(uids)
            # from the last to the first, so that no number shifts before it is told
            spans = [range(before + stop, before + start, -1) for start, stop in reversed(positions)]
            if self._uids is not None:
                self._uids = _without(self._uids, positions)
        output.write(self.dialect.gone(spans, gone))
        self.recent_count -= uid_ranges.count(uid_ranges.intersect(gone, self.recent))
        self.exists -= uid_ranges.count(gone)
        self._gone = []

    def _tell_arrived(self, created: list[Range], output: Output) -> None:
        if self._uids is not None:
            self._uids.extend(uid_ranges.numbers(created))
        self.exists += uid_ranges.count(created)
        self.uid_next = created[-1][1] + 1
        output.write(encoder.exists(self.exists))
        recent = sum(1 for uid in uid_ranges.numbers(created) if self.is_recent(uid)) if self.recent else 0
        if recent:
            self.recent_count += recent
            output.write(encoder.recent(self.recent_count))

    # Reading

    async def _from(self, first: int) -> tuple[int, array[int]]:
        """How many messages stand before those that are given: the UIDs from `first` on, or all where they are known.

        So that what happens at the end of a large mailbox, where it mostly does, costs little.
        """
        if self._uids is not None:
            return 0, self._uids
        recalled = await self._recalled()
        if recalled is not None:
            return 0, recalled
        # where most has to be read, all is read, which can be remembered
        found = await self._load(first if first * 2 > self.uid_next else 1)
        if len(found) == self.exists:
            self._uids = found
            self._remember()
        return self.exists - len(found), found

    def _remember(self) -> None:
        """Leave the UIDs to whoever looks at this mailbox next."""
        if self._known is not None and self._uids is not None and not self._gone:
            self._known.put(self.account, self.mailbox, self.modseq, self._uids)

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
            uids = _without(uids, SequenceSet(tuple(changes.destroyed)).uid_positions(uids))
        if changes.created:
            uids = uids + array("I", uid_ranges.numbers(changes.created))
        self._known.put(self.account, self.mailbox, self.modseq, uids)
        if self._gone and len(uids) != self.exists:  # to this peer what it was not told of is still there
            uids = array("I", sorted({*uids, *uid_ranges.numbers(self._gone)}))
        return uids if len(uids) == self.exists else None

    async def _load(self, first: int = 1) -> array[int]:
        """The UIDs from `first` on as of `self.modseq`, whatever happened since.

        A message that came later has a UID from `uid_next` on, and one that went later stands in the change log: so
        the pages need not be of one snapshot, as long as the log is read after them.
        """
        found = await self._present(first)
        del found[bisect_left(found, self.uid_next) :]
        changes = await self._changes()
        if not changes.complete:
            raise ViewLost("The mailbox changed too much meanwhile")
        gone = uid_ranges.intersect(uid_ranges.merge(self._gone + changes.destroyed), [(first, self.uid_next - 1)])
        if gone:
            found = array("I", sorted({*found, *uid_ranges.numbers(gone)}))
        if len(found) > self.exists or (first == 1 and len(found) != self.exists):
            log.error("view differs from its counters", account=self.account, mailbox=self.mailbox)
            raise ViewLost("The mailbox has to be opened anew")
        return found

    async def _present(self, first: int) -> array[int]:
        """The UIDs that are there now, from `first` on."""
        found = array("I")
        while True:
            page = await self.store.read(reading.uids, self.account, self.mailbox, first, UIDS_PER_READ)
            found.frombytes(page)
            if len(page) < UIDS_PER_READ * found.itemsize:
                return found
            first = found[-1] + 1
            await asyncio.sleep(0)

    async def _compare_all(self) -> Changes:
        """What changed, found without the log, which no longer reaches back: any message's flags may have changed."""
        if self._uids is None:
            raise ViewLost("The mailbox changed too much meanwhile")
        newest = await mailbox_log.changes(self.store, self.account, self.mailbox, NEWEST)
        highest = (await self.store.read(read_mailbox, self.account, self.mailbox)).modseq
        present = uid_ranges.merge((uid, uid) for uid in await self._present(1))
        known = uid_ranges.merge((uid, uid) for uid in self._uids)
        gone = uid_ranges.subtract(known, present)
        # the record was read behind the log: what it has more will be told, and named, by the log
        return Changes(
            newest.modseq, present, uid_ranges.subtract(known, gone), gone, True, min(highest, newest.modseq)
        )


def _without(uids: array[int], positions: list[Range]) -> array[int]:
    kept = array("I")
    at = 0
    for start, stop in positions:
        kept += uids[at:start]
        at = stop
    return kept + uids[at:]
