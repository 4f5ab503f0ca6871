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

import msgspec

from posthouse.core.mail.annotations import WHOLE
from posthouse.core.mail.errors import NoSuchMailbox, TooManyMailboxes
from posthouse.core.mail.finding import list_sharers
from posthouse.core.mail.mailboxes import SEPARATOR, Mailbox, list_mailboxes, some_mailboxes
from posthouse.core.mail.reading import touched
from posthouse.protocols.imap.commands.listing import Listed, attributes
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.watched import (
    Place,
    Watched,
    asked,
    asked_of_level,
    called,
    may_mean_others,
    may_mean_some,
    read_others,
)
from posthouse.protocols.imap.watched_notes import Notes
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.listing import StatusItem
from posthouse.protocols.imap.wire.commands.mailboxes import Create, Delete, Rename, Subscribe, Unsubscribe
from posthouse.protocols.imap.wire.commands.metadata import SetMetadata
from posthouse.protocols.imap.wire.fetch import FetchAttribute
from posthouse.protocols.imap.wire.notify import (
    MESSAGE_EVENTS,
    NO_EVENT,
    NotifyEvent,
    NotifyFilter,
    NotifyGroup,
)
from posthouse.storage.topics import SHARING_TOPIC, account_topic

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
        await self._look_at_others(user)
        if sum(len(group.names) for group in self._groups) > user.contracts.settings.notified_mailboxes:
            raise TooManyMailboxes
        self._check_count(user)
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
        lines = [self._closed_line(one, user) for one in self._known.values() if not one.is_open and self._asked(one)]
        user.output.write(b"".join(lines))

    async def tell_all(self, user: User, selected: Place | None) -> None:
        """The STATUS of every mailbox of whose messages something shall be told; RFC 5465 3.1."""
        for one in self._known.values():
            events = self._events(one, selected) & MESSAGE_EVENTS
            if events:
                items = [StatusItem.MESSAGES, StatusItem.UIDNEXT, StatusItem.UIDVALIDITY]
                if NotifyEvent.FlagChange in events:
                    items.append(StatusItem.HIGHESTMODSEQ)
                user.output.write(_status(one.mailbox, items, user))

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
        lines = self._names(before, user)
        for place, old in sorted(before.items()):
            new = self._known.get(place)
            if old is not None and new is not None:
                lines += self._messages(old.mailbox, new.mailbox, self._events(new, selected), user)
        user.output.write(b"".join(lines))
        await self._notes.tell(user, self._known)

    async def absorb(self, command: Command, user: User) -> None:
        """The peer did this itself and hears nothing of it: it is as if it had been told (RFC 5465 5)."""
        if not self._groups:
            return
        if isinstance(command, Create):
            await self._absorb_new(command.name.removesuffix(SEPARATOR), user)
        elif isinstance(command, Rename):
            old, new = called(command.old), called(command.new)
            for one in list(self._known.values()):
                if one.name == old or one.name.startswith(old + SEPARATOR):
                    self._rewrite(one, name=new + one.name[len(old) :])
            await self._absorb_new(command.new, user)
        elif isinstance(command, Delete):
            for one in self._called(command.name):
                del self._known[one.place]
        elif isinstance(command, Subscribe | Unsubscribe):
            for one in self._called(command.name):
                self._rewrite(one, subscribed=isinstance(command, Subscribe))
        elif isinstance(command, SetMetadata):
            places = [one.place for one in self._called(command.name)] if command.name else [(user.account, WHOLE)]
            self._notes.absorb(places, command.changes)

    # Inside

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
        if one.mailbox.virtual and self._events(one, None) & MESSAGE_EVENTS:
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
        accounts = {one.account for one in found.values() if self._asked(one)}
        for account, level in await user.store.read(list_sharers, user.visitor):
            if any(may_mean_some(group, level) for group in self._groups):
                accounts.add(account)
        for account in accounts:
            self._listen(account_topic(account), self._others_noticed, user)
        return {place: old.get(place) for place in old.keys() | found.keys() if old.get(place) != found.get(place)}

    def _check_count(self, user: User) -> None:
        count = sum(1 for one in self._known.values() if one.owned or self._asked(one))
        if count > user.contracts.settings.notified_mailboxes:
            raise TooManyMailboxes(count)

    def _asked(self, one: Watched) -> NotifyEvent:
        return asked(self._groups, one)

    def _events(self, one: Watched, selected: Place | None) -> NotifyEvent:
        events = self._asked(one) if one.is_open else NO_EVENT
        # RFC 5465 3.1: messages of the open one are told as SELECTED says, whatever else names it
        return events & ~MESSAGE_EVENTS if one.place == selected else events

    def _tells(self, event: NotifyEvent, *several: Watched) -> bool:
        return any(event in self._events(one, None) for one in several)

    # Names

    def _names(self, before: dict[Place, Watched | None], user: User) -> list[bytes]:
        """MailboxName and SubscriptionChange, and rights that came or went; RFC 5465 5.4, 5.5, 5.9."""
        shown: dict[str, bytes] = {}
        for place, old in sorted(before.items()):
            new = self._known.get(place)
            if new is None:
                if old is not None:
                    self._show_gone(old, shown, user)
            elif not new.is_open:
                if self._asked(new) and (old is None or old.is_open):
                    shown[new.name] = self._closed_line(new, user)
            elif old is None:
                if self._tells(NotifyEvent.MailboxName, new):
                    shown[new.name] = self._list_line(new, user)
                    self._show_parent(new, shown, user)
            elif not old.is_open:
                if self._asked(new):
                    shown[new.name] = self._list_line(new, user)
            elif old.name != new.name:
                if self._tells(NotifyEvent.MailboxName, old, new) and not self._went_along(old, new, before):
                    shown[new.name] = self._list_line(new, user, old_name=old.name)
            elif old.mailbox.subscribed != new.mailbox.subscribed and self._tells(
                NotifyEvent.SubscriptionChange, old, new
            ):
                shown[new.name] = self._list_line(new, user)
        return list(shown.values())

    def _show_gone(self, old: Watched, shown: dict[str, bytes], user: User) -> None:
        """It was deleted, or may not be known of any more, which is to look the same."""
        if self._tells(NotifyEvent.MailboxName, old):
            shown[old.name] = encoder.list_line(["\\NonExistent"], old.name, utf8=user.dialect.utf8)
            self._show_parent(old, shown, user)
        elif not old.owned and old.is_open and self._asked(old):
            shown[old.name] = encoder.list_line(["\\NoAccess"], old.name, utf8=user.dialect.utf8)

    def _show_parent(self, one: Watched, shown: dict[str, bytes], user: User) -> None:
        """RFC 5465 5.4: the one above is affected too, whether it is a mailbox or not."""
        name = one.name.rpartition(SEPARATOR)[0]
        if not name or name in shown:
            return
        parent = next((other for other in self._known.values() if other.name == name), None)
        if parent is not None:
            if self._tells(NotifyEvent.MailboxName, parent):
                shown[name] = self._list_line(parent, user)
        elif NotifyEvent.MailboxName in asked_of_level(self._groups, name):
            children = self._has_children(name)
            names = attributes(Listed(name, None), has_children=True) if children else ["\\NonExistent"]
            shown[name] = encoder.list_line(names, name, utf8=user.dialect.utf8)

    def _list_line(self, one: Watched, user: User, old_name: str | None = None) -> bytes:
        names = self._attributes(one)
        if one.mailbox.subscribed:
            names.append("\\Subscribed")
        return encoder.list_line(names, one.name, utf8=user.dialect.utf8, old_name=old_name)

    def _closed_line(self, one: Watched, user: User) -> bytes:
        return encoder.list_line([*self._attributes(one), "\\NoAccess"], one.name, utf8=user.dialect.utf8)

    def _attributes(self, one: Watched) -> list[str]:
        return attributes(Listed(one.name, one.mailbox, one.rights), has_children=self._has_children(one.name))

    def _has_children(self, name: str) -> bool:
        below = name + SEPARATOR
        return any(one.name.startswith(below) for one in self._known.values())

    def _went_along(self, old: Watched, new: Watched, before: dict[Place, Watched | None]) -> bool:
        """True when a mailbox above was renamed and this one only with it; RFC 5465 5.4."""
        for place, above in before.items():
            if above is None or place == old.place or not old.name.startswith(above.name + SEPARATOR):
                continue
            now = self._known.get(place)
            if now is not None and now.name != above.name and new.name == now.name + old.name[len(above.name) :]:
                return True
        return False

    # Messages

    def _messages(self, old: Mailbox, new: Mailbox, events: NotifyEvent, user: User) -> list[bytes]:
        """MessageNew, MessageExpunge and FlagChange of a mailbox that is not open; RFC 5465 5.1–5.3."""
        if not events & MESSAGE_EVENTS:
            return []
        items: list[StatusItem] = []
        if new.uid_next != old.uid_next or new.exists != old.exists:
            items += [StatusItem.MESSAGES, StatusItem.UIDNEXT, StatusItem.UIDVALIDITY]
        if NotifyEvent.FlagChange in events and new.modseq != old.modseq:
            if new.unseen != old.unseen:
                items.append(StatusItem.UNSEEN)
            if StatusItem.UIDVALIDITY not in items and (items or user.dialect.condstore):
                items.append(StatusItem.UIDVALIDITY)
        if items and user.dialect.condstore:
            items.append(StatusItem.HIGHESTMODSEQ)
        return [_status(new, items, user)] if items else []

    # What the peer did itself

    def _called(self, name: str) -> list[Watched]:
        wanted = called(name)
        return [one for one in self._known.values() if one.name == wanted]

    def _rewrite(self, one: Watched, **changes: object) -> None:
        self._known[one.place] = msgspec.structs.replace(one, mailbox=msgspec.structs.replace(one.mailbox, **changes))

    async def _absorb_new(self, name: str, user: User) -> None:
        """A mailbox that the peer made, and those above it; messages that are in it already are still to be told."""
        levels = called(name).split(SEPARATOR)
        names = {SEPARATOR.join(levels[:depth]) for depth in range(1, len(levels) + 1)}
        own = [Watched(user.account, one) for one in await user.store.read(list_mailboxes, user.account)]
        others = await read_others(user) if self._asks_others else {}
        for one in [*own, *others.values()]:
            if one.name in names and one.place not in self._known:
                self._known[one.place] = one
                self._rewrite(one, uid_next=1, exists=0, unseen=0)


def _status(mailbox: Mailbox, items: list[StatusItem], user: User) -> bytes:
    values = {
        StatusItem.MESSAGES: mailbox.exists,
        StatusItem.UIDNEXT: mailbox.uid_next,
        StatusItem.UIDVALIDITY: mailbox.uid_validity,
        StatusItem.UNSEEN: mailbox.unseen,
        StatusItem.HIGHESTMODSEQ: mailbox.modseq,
    }
    return encoder.status(mailbox.name, [(item, values[item]) for item in items], utf8=user.dialect.utf8)
