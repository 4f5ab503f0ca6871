"""What a session that gave NOTIFY waits for; RFC 5465.

It keeps each mailbox that it may speak of as the peer was told of it. A notice from the bus says only that something
changed; of one's own mailboxes the change log says which, what others share is looked at whole, since rights may have
changed as well. What differs from what was kept is told. So however much happens between two looks, little is told,
and nothing is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from posthouse.core.mail.annotations import WHOLE
from posthouse.core.mail.errors import NoSuchMailbox, TooManyMailboxes
from posthouse.core.mail.finding import list_sharers
from posthouse.core.mail.mailboxes import list_mailboxes, some_mailboxes
from posthouse.core.mail.reading import touched
from posthouse.core.turns import Turn
from posthouse.protocols.imap.commands.search_folders import ENTRIES
from posthouse.protocols.imap.commands.special_use import ENTRY
from posthouse.protocols.imap.contracts import Placed, User
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.watching.counters import differences, status_line
from posthouse.protocols.imap.watching.names import Names
from posthouse.protocols.imap.watching.notes import Notes, use_lines
from posthouse.protocols.imap.watching.own import absorb_names, absorb_placed, absorb_use, named
from posthouse.protocols.imap.watching.watched import (
    Place,
    Watched,
    asked,
    events_of,
    may_mean_others,
    may_mean_some,
    read_others,
)
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.listing import StatusItem
from posthouse.protocols.imap.wire.commands.metadata import SetMetadata
from posthouse.protocols.imap.wire.fetch import FetchAttribute
from posthouse.protocols.imap.wire.notify import (
    MESSAGE_EVENTS,
    NotifyEvent,
    NotifyFilter,
    NotifyGroup,
)
from posthouse.storage.ranges import Range, merge, subtract
from posthouse.storage.topics import SHARING_TOPIC, account_topic

MADE = (*ENTRIES, ENTRY)  # entries that are no annotations
ENTRIES_PER_READ = 2000  # about 5 ms


class Watch:
    """One NOTIFY SET or NOTIFY NONE; `news` says that something changed."""

    __slots__ = (
        "_asks_others",
        "_followed",
        "_groups",
        "_known",
        "_listening",
        "_modseq",
        "_notes",
        "_others_changed",
        "_placed",
        "_unfollow",
        "_wake",
        "news",
        "selected",
    )

    def __init__(self, groups: tuple[NotifyGroup, ...], wake: Callable[[], None]) -> None:
        self.selected = next((group for group in groups if group.filter.is_selected), None)
        self.news = False
        self._groups = tuple(group for group in groups if not group.filter.is_selected and group.events)
        self._asks_others = any(map(may_mean_others, self._groups))
        self._others_changed = False
        self._placed: tuple[Placed, ...] = ()  # by the peer's last command
        self._wake = wake
        self._listening: dict[str, Callable[[], None]] = {}  # by topic, what ends it
        self._followed = 0  # the account of the open mailbox, where that is another's
        self._unfollow: Callable[[], None] | None = None
        self._modseq = 0
        self._known: dict[Place, Watched] = {}
        self._notes = Notes(self._groups)

    # The open mailbox

    @property
    def follows_view(self) -> bool:
        """True when anything in the open mailbox shall be told; RFC 5465 3.1: else nothing of it is."""
        return self.selected is not None and bool(self.selected.events)

    @property
    def tells_gone(self) -> bool:
        """True when messages that went are told at once."""
        return self.selected is not None and self.selected.filter is NotifyFilter.SELECTED

    @property
    def tells_flags(self) -> bool:
        """True when changed flags are told."""
        return self.selected is not None and NotifyEvent.FlagChange in self.selected.events

    @property
    def wanted(self) -> tuple[FetchAttribute, ...]:
        """What to tell of each new message behind EXISTS."""
        return () if self.selected is None else self.selected.attributes

    def others_of(self, arrived: list[Range], view: View) -> list[Range]:
        """Which of the messages that came the peer did not put there with the last command; RFC 5465 5.2."""
        for one in self._placed:
            if (one.account, one.uid_validity) == (view.account, view.uid_validity):
                arrived = subtract(arrived, merge(one.uids))
        return arrived

    def follow(self, account: int, user: User) -> None:
        """Listen to the account whose mailbox is open, 0 for none and for one's own."""
        if account != self._followed:
            self._followed = account
            if self._unfollow is not None:
                self._unfollow()
                self._unfollow = None
            if account and self.follows_view:
                self._unfollow = user.contracts.bus.subscribe(account_topic(account), self._noticed)

    # Other mailboxes

    async def begin(self, user: User) -> None:
        """Listen, and look at what there is; raises TooManyMailboxes."""
        if not self._groups and not self.follows_view:
            return
        self._listen(account_topic(user.account), self._noticed, user)
        if not self._groups:
            return
        if self._asks_others:
            self._listen(SHARING_TOPIC, self._others_noticed, user)
        for mailbox in await user.store.read(list_mailboxes, user.account):
            await self._refresh(Watched(user.account, mailbox), user)
        self._modseq = (await user.store.read(touched, user.account, 2**62, 1)).modseq
        own = [Watched(user.account, one) for one in await user.store.read(list_mailboxes, user.account)]
        self._known = {one.place: one for one in own}
        await asyncio.sleep(0)
        await self._look_at_others(user)
        if sum(len(group.names) for group in self._groups) > user.contracts.settings.notified_mailboxes:
            raise TooManyMailboxes
        self._check_count(user)
        await asyncio.sleep(0)
        await self._notes.begin(user, self._known.values())

    def end(self) -> None:
        """Listen no more."""
        for stop in self._listening.values():
            stop()
        self._listening = {}
        if self._unfollow is not None:
            self._unfollow()
            self._unfollow = None

    def tell_closed(self, user: User) -> None:
        """The mailboxes that were asked for and may be known of, but not read; RFC 5465 3.1."""
        closed = [one for one in self._known.values() if not one.is_open and asked(self._groups, one)]
        names = self._names(user)
        user.output.write(b"".join(map(names.closed_line, closed)))

    async def tell_all(self, user: User, selected: Place | None) -> None:
        """The STATUS of every mailbox of whose messages something shall be told; RFC 5465 3.1."""
        turn = Turn()
        for one in list(self._known.values()):
            await turn.share()
            events = events_of(self._groups, one, selected) & MESSAGE_EVENTS
            if events:
                items = [StatusItem.MESSAGES, StatusItem.UIDNEXT, StatusItem.UIDVALIDITY]
                if NotifyEvent.FlagChange in events:
                    items.append(StatusItem.HIGHESTMODSEQ)
                user.output.write(status_line(one.mailbox, items, utf8=user.dialect.utf8))

    async def tell(self, user: User, selected: Place | None) -> None:
        """What happened to other mailboxes than the open one; raises TooManyMailboxes."""
        if not self._groups:
            return
        for one in list(self._known.values()):
            await self._refresh(one, user)
        numbers = await self._changed(user)
        found = await user.store.read(some_mailboxes, user.account, numbers)
        places = {(user.account, number) for number in numbers}
        before = {place: self._known.get(place) for place in places}
        for place in places:
            self._known.pop(place, None)
        self._known |= {(user.account, one.id): Watched(user.account, one) for one in found}
        if self._others_changed:
            before |= await self._look_at_others(user)
        self._check_count(user)
        lines = self._names(user).lines(before)
        gone = {old.name: old for place, old in before.items() if old is not None and place not in self._known}
        for place, old in sorted(before.items()):
            new = self._known.get(place)
            told = gone.get(new.name) if new is not None and old is None else old
            if new is not None and told is not None:
                events = events_of(self._groups, new, selected)
                lines += differences(told.mailbox, new.mailbox, events, user.dialect)
                lines += use_lines(told, new, events, utf8=user.dialect.utf8)
        user.output.write(b"".join(lines))
        await self._notes.tell(user, self._known)

    async def absorb(self, command: Command, placed: tuple[Placed, ...], user: User) -> None:
        """The peer did this itself and hears nothing of it: it is as if it had been told (RFC 5465 5)."""
        self._placed = placed
        if not self._groups:
            return
        await absorb_names(command, self._known, user, others=self._asks_others)
        await absorb_placed(placed, self._known, user)
        if isinstance(command, SetMetadata):
            absorb_use(command, self._known)
            meant = named(command.name, self._known)
            places = [one.place for one in meant] if command.name else [(user.account, WHOLE)]
            self._notes.absorb(places, [change for change in command.changes if change[0] not in MADE])

    # Inside

    def _names(self, user: User) -> Names:
        return Names(self._groups, self._known, utf8=user.dialect.utf8)

    def _listen(self, topic: str, heard: Callable[[str], None], user: User) -> None:
        if topic not in self._listening:
            self._listening[topic] = user.contracts.bus.subscribe(topic, heard)

    def _noticed(self, _topic: str) -> None:
        self.news = True
        self._wake()

    def _others_noticed(self, topic: str) -> None:
        self._others_changed = True
        self._noticed(topic)

    async def _refresh(self, one: Watched, user: User) -> None:
        """A search folder of whose messages something shall be told shows nothing new before it is looked at."""
        if one.mailbox.virtual and events_of(self._groups, one, None) & MESSAGE_EVENTS:
            with suppress(NoSuchMailbox):
                await user.contracts.refresher.refresh(one.account, one.mailbox.id)

    async def _changed(self, user: User) -> list[int]:
        """The numbers of one's own mailboxes that changed."""
        numbers: set[int] = set()
        while True:
            page = await user.store.read(touched, user.account, self._modseq, ENTRIES_PER_READ)
            if not page.complete:
                everything = await user.store.read(list_mailboxes, user.account)
                numbers |= {number for account, number in self._known if account == user.account}
                numbers |= {mailbox.id for mailbox in everything}
            numbers |= set(page.collections)
            self._modseq = page.modseq
            if not page.more:
                return sorted(numbers)
            await asyncio.sleep(0)

    async def _look_at_others(self, user: User) -> dict[Place, Watched | None]:
        """Read what others share, and listen to those accounts that are asked for; how what differs was before."""
        if not self._asks_others:
            return {}
        self._others_changed = False  # what is noticed while it is read is looked at again
        try:
            found = await read_others(user)
        except BaseException:
            self._others_changed = True
            raise
        old = {place: one for place, one in self._known.items() if not one.owned}
        for place in old:
            del self._known[place]
        self._known |= found
        accounts = {one.account for one in found.values() if asked(self._groups, one)}
        for account, level in await user.store.read(list_sharers, user.visitor):
            if any(may_mean_some(group, level) for group in self._groups):
                accounts.add(account)
        for account in accounts:
            self._listen(account_topic(account), self._others_noticed, user)
        return {place: old.get(place) for place in old.keys() | found.keys() if old.get(place) != found.get(place)}

    def _check_count(self, user: User) -> None:
        count = sum(1 for one in self._known.values() if one.owned or asked(self._groups, one))
        if count > user.contracts.settings.notified_mailboxes:
            raise TooManyMailboxes(count)
