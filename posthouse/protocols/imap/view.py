"""The selected mailbox as one session sees it: which message number is which UID, and what the peer was told.

What the peer knows is the mailbox as it was at one modseq; `catch_up` brings it up to date where RFC 3501 7.4.1 allows.
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice

from posthouse.core.mail import messages, reading
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.flags import flags_allowed
from posthouse.core.mail.keywords import MAX_KEYWORDS
from posthouse.core.mail.mailboxes import claim_recent, read_mailbox
from posthouse.core.sharing.errors import NotAllowed
from posthouse.core.sharing.rights import ALL, Right
from posthouse.core.turns import Turn
from posthouse.protocols.connection import Output
from posthouse.protocols.imap import mailbox_log
from posthouse.protocols.imap.dialect import Dialect
from posthouse.protocols.imap.errors import Bad, ViewLost
from posthouse.protocols.imap.known_uids import KnownUids
from posthouse.protocols.imap.numbering import Numbering
from posthouse.protocols.imap.windows import merged
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.fetch_encoder import FlagLists
from posthouse.protocols.imap.wire.flags import SYSTEM_FLAGS
from posthouse.protocols.imap.wire.sequence import SequenceSet
from posthouse.storage import ranges as uid_ranges
from posthouse.storage.changes import Changes
from posthouse.storage.contract import Store, StoreUnavailable
from posthouse.storage.ranges import Range

ROWS_PER_READ = 500  # about 2 ms
LINES_AT_ONCE = 500

Refresh = Callable[[int, int], Awaitable[None]]  # brings a search folder (account, mailbox) up to date


class View:
    """One selected mailbox."""

    __slots__ = (
        "_refresh",
        "_safe",
        "account",
        "called",
        "claims",
        "dialect",
        "flag_lists",
        "foreign",
        "highest",
        "id_mark",
        "mailbox",
        "numbering",
        "read_only",
        "reader",
        "recent",
        "recent_count",
        "rights",
        "saved",
        "store",
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
        self._refresh = refresh
        self.virtual = mailbox.virtual  # a search folder: what is done here is done where its messages are
        self.account = account
        self.called = opened.mailbox.name  # by its owner, where its reader has no other name for it
        self.dialect = dialect
        self.mailbox = mailbox.id
        self.uid_validity = mailbox.uid_validity
        self.numbering = Numbering(store, account, mailbox, opened.modseq, known)
        self.highest = mailbox.modseq  # the newest of this mailbox's own up to there
        self.read_only = read_only
        self.claims = claims and not read_only and not dialect.rev2  # \Recent messages are this session's own
        self.rights = rights
        self.reader = account  # the account of whom it is shown to
        self.foreign = False  # it is not that one's own
        self.id_mark = b""  # what stands in the object ids of another account's messages; RFC 8474 3
        self.flag_lists = FlagLists(mailbox.keywords)
        # UIDs that this session shows as \Recent (RFC 3501 2.3.2)
        self.recent: list[Range] = []
        self.recent_count = 0
        if opened.recent and not dialect.rev2:
            self.recent = [(mailbox.recent_from, mailbox.uid_next - 1)]
            self.recent_count = opened.recent
        self.saved: list[Range] = []  # UIDs of SEARCH RETURN (SAVE); RFC 5182
        self._safe = 0  # what `highest` was before messages went of which the peer was not told yet

    def shown_to(self, reader: int) -> None:
        """It is another account's user who looks at it."""
        self.reader = reader
        self.foreign = reader != self.account
        self.id_mark = b"%d-" % self.account if self.foreign else b""

    # Numbers and UIDs

    @property
    def exists(self) -> int:
        """How many messages the peer knows."""
        return self.numbering.exists

    @property
    def uid_next(self) -> int:
        """The least UID that no message the peer knows can have."""
        return self.numbering.uid_next

    @property
    def modseq(self) -> int:
        """The account's, up to which the peer was told all but what is gone untold."""
        return self.numbering.modseq

    async def uids(self) -> array[int]:
        """The UID of each message as the peer knows them, by position from 0."""
        return self.numbering.held or await self.numbering.uids()

    def let_go(self, keep: int) -> None:
        """Forget the UIDs of a mailbox of more than `keep` messages; they are read again when needed."""
        self.numbering.let_go(keep)

    async def positions(self, sequence: SequenceSet, *, uid: bool) -> list[Range]:
        """The messages that a set names, as half-open ranges of positions in `uids()`; any UID may be named.

        Raises Bad when there is no message of a number; RFC 9051 6.4.
        """
        uids = await self.uids()
        if sequence.saved:
            return await self.saved_positions()
        if uid:
            return sequence.uid_positions(uids)
        exists = self.numbering.exists
        if sequence.exceeds(exists):
            raise Bad("There are {} messages", None, exists)
        return sequence.positions(exists)

    async def saved_positions(self) -> list[Range]:
        """Where the messages are that were saved, likewise."""
        return await self.numbering.positions(self.saved)

    async def uid_ranges(self, sequence: SequenceSet, *, uid: bool) -> list[Range]:
        """Likewise as inclusive ranges of UIDs that name no other message; raises Bad."""
        uids = await self.uids()
        turn = Turn()
        found: list[Range] = []
        for start, stop in await self.positions(sequence, uid=uid):
            found.append((uids[start], uids[stop - 1]))
            await turn.share()
        return found

    def positions_of(self, uids: Sequence[int]) -> Sequence[int]:
        """Where the messages of those ascending UIDs are; all are known, and `uids()` was awaited."""
        known = self.numbering.held
        assert known is not None
        if not uids:
            return ()
        first = bisect_left(known, uids[0])
        last = bisect_left(known, uids[-1], first)
        if last - first + 1 == len(uids):
            return range(first, last + 1)  # they stand side by side, as in most requests
        return [bisect_left(known, uid, first, last + 1) for uid in uids]

    def number_of(self, uid: int) -> int:
        """The number of a message that the peer knows, 0 where it knows none by number; `uids()` was awaited."""
        return 0 if self.dialect.uid_only else self.positions_of([uid])[0] + 1

    def by_recency(self, first: int, last: int) -> list[Range]:
        r"""A range of UIDs in parts that are all \Recent here, or all not."""
        recent = uid_ranges.intersect([(first, last)], self.recent)
        return sorted([*recent, *uid_ranges.subtract([(first, last)], recent)])

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
        room = len(self.flag_lists.keywords) < MAX_KEYWORDS
        lasting = encoder.permanent_flags(lasting_names, new_keywords=keywords and room)
        return encoder.flags(names) + self.dialect.say("*", "OK", "What can be stored", lasting)

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
        return self._safe if self.numbering.gone else self.highest

    def did(self, modseq: int) -> None:
        """This session's own change became `modseq`, and its peer knows of it."""
        if modseq == self.modseq + 1:
            self.numbering.modseq = self.highest = modseq

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
        if self.virtual:
            await self.refresh()
        numbering = self.numbering
        if not numbering.gone and await self.store.read(messages.is_newest, self.account, numbering.modseq):
            return []
        changes = await numbering.news()
        if changes.complete and changes.modseq == self.modseq and not numbering.gone:
            return []
        if changes.created and self.claims:
            changes = await self._claim_recent()
        whole = changes.complete
        if not whole:
            changes = await numbering.compare()
        if changes.created or changes.updated:
            await self._learn_keywords(output)
        if flags:
            await self.tell_flags(changes.updated, output)
        delayed = bool(numbering.gone)
        if changes.destroyed:
            if not delayed:
                self._safe = self.highest
            numbering.gone = await merged(numbering.gone, changes.destroyed)
        if expunges and numbering.gone:
            await self._tell_gone(output)
        arrived = uid_ranges.subtract(changes.created, [(1, self.uid_next - 1)])
        if arrived:
            self._tell_arrived(arrived, output)
        numbering.modseq = changes.modseq
        self.highest = max(self.highest, changes.newest)
        if self.dialect.condstore and (delayed or numbering.gone):
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
        output.write(self.dialect.say("*", "OK", "The newest change", code))

    async def changes(self, since: int) -> Changes:
        """What became of the mailbox between `since` and what the peer was told of; raises ViewLost."""
        try:
            found = await mailbox_log.changes(self.store, self.account, self.mailbox, since, self.modseq)
        except NoSuchMailbox:
            raise ViewLost("The mailbox was deleted") from None
        return found if not self.numbering.gone else found.without(self.numbering.gone)

    async def _claim_recent(self) -> Changes:
        # claimed first, looked at afterwards: so what was claimed is among what is told
        try:
            first = await self.store.write(claim_recent, self.account, self.mailbox)
        except StoreUnavailable:
            # a message that nobody sees as recent is better than one that nobody sees
            return await self.numbering.news()
        except NoSuchMailbox:
            raise ViewLost("The mailbox was deleted") from None
        changes = await self.numbering.news()
        claimed = [(max(first, new), last) for new, last in changes.created if last >= first]
        self.recent = uid_ranges.merge(self.recent + claimed)
        return changes

    async def tell_flags(self, updated: Sequence[Range], output: Output) -> None:
        """The flags of those messages that are still there, and known to the peer."""
        if not updated:
            return
        numbered = not self.dialect.uid_only
        before, uids = await self.numbering.uids_from(updated[0][0]) if numbered else (0, array("I"))
        flags_line = self.dialect.flags_line
        turn = Turn()
        for start, last in updated:
            await turn.share()
            first = start
            while first <= last:
                rows = await self.store.read(messages.rows, self.account, self.mailbox, first, last, ROWS_PER_READ, 0)
                lines = []
                for row in rows:
                    at = bisect_left(uids, row.uid)
                    if not numbered or (at < len(uids) and uids[at] == row.uid):
                        flags = self.flags_of(row.uid, row.flags, row.keywords)
                        lines.append(flags_line(before + at + 1, row.uid, flags, row.modseq))
                output.write(b"".join(lines))
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
        gone = self.numbering.gone
        spans = await self.numbering.remove_gone(spans=not self.dialect.names_gone)
        told = self.dialect.gone(spans, gone)
        turn = Turn()
        while some := b"".join(islice(told, LINES_AT_ONCE)):
            output.write(some)
            await output.drain()
            await turn.share()
        self.recent_count -= uid_ranges.count(uid_ranges.intersect(gone, self.recent))

    def _tell_arrived(self, created: list[Range], output: Output) -> None:
        self.numbering.add(created)
        output.write(encoder.exists(self.exists))
        recent = sum(1 for uid in uid_ranges.numbers(created) if self.is_recent(uid)) if self.recent else 0
        if recent:
            self.recent_count += recent
            output.write(encoder.recent(self.recent_count))
