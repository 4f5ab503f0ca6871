"""What a session that gave NOTIFY waits for; RFC 5465.

It keeps each watched account's mailboxes as the peer was told of them. A notice from the bus says only that something
changed; the change log says which mailboxes, and what is new in them is what differs from what was kept. So however
much happens between two looks, little is told, and nothing is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from posthouse.core.mail.annotations import WHOLE, annotation_digests
from posthouse.core.mail.errors import TooManyMailboxes
from posthouse.core.mail.mailboxes import SEPARATOR, Mailbox, canonical_name, list_mailboxes, some_mailboxes
from posthouse.core.mail.reading import touched
from posthouse.protocols.imap.commands.listing import Listed, attributes
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands import StatusItem
from posthouse.protocols.imap.wire.fetch import FetchAttribute
from posthouse.protocols.imap.wire.notify import (
    MESSAGE_EVENTS,
    NO_EVENT,
    NotifyEvent,
    NotifyFilter,
    NotifyGroup,
)
from posthouse.storage.topics import account_topic

ENTRIES_PER_READ = 2000  # about 5 ms
_METADATA = NotifyEvent.MailboxMetadataChange | NotifyEvent.ServerMetadataChange


class Watch:
    """One NOTIFY SET or NOTIFY NONE; `news` says that something in the account changed."""

    __slots__ = (
        "_followed",
        "_groups",
        "_known",
        "_modseq",
        "_notes",
        "_unfollow",
        "_unsubscribe",
        "_wake",
        "news",
        "selected",
    )

    def __init__(self, groups: tuple[NotifyGroup, ...], wake: Callable[[], None]) -> None:
        self.selected = next((group for group in groups if group.filter.is_selected), None)
        self.news = False
        self._groups = tuple(group for group in groups if not group.filter.is_selected and group.events)
        self._wake = wake
        self._unsubscribe: Callable[[], None] | None = None
        self._followed = 0  # the account of the open mailbox, where that is another's
        self._unfollow: Callable[[], None] | None = None
        self._modseq = 0
        self._known: dict[int, Mailbox] = {}
        self._notes: dict[tuple[int, str], bytes] = {}

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
        self._unsubscribe = user.contracts.bus.subscribe(account_topic(user.account), self._noticed)
        if not self._groups:
            return
        self._modseq = (await user.store.read(touched, user.account, 2**62, 1)).modseq
        found = await user.store.read(list_mailboxes, user.account)
        most = user.contracts.settings.notified_mailboxes
        if len(found) > most or sum(len(group.names) for group in self._groups) > most:
            raise TooManyMailboxes(most)
        self._known = {mailbox.id: mailbox for mailbox in found}
        self._notes = await self._annotations(user)

    def end(self) -> None:
        """Listen no more."""
        for unsubscribe in (self._unsubscribe, self._unfollow):
            if unsubscribe is not None:
                unsubscribe()
        self._unsubscribe = self._unfollow = None

    async def tell_all(self, user: User, selected: int | None) -> None:
        """The STATUS of every mailbox of whose messages something shall be told; RFC 5465 3.1."""
        for mailbox in self._known.values():
            events = self._events(mailbox, selected) & MESSAGE_EVENTS
            if events:
                items = [StatusItem.MESSAGES, StatusItem.UIDNEXT, StatusItem.UIDVALIDITY]
                if NotifyEvent.FlagChange in events:
                    items.append(StatusItem.HIGHESTMODSEQ)
                user.output.write(_status(mailbox, items, user))

    async def tell(self, user: User, selected: int | None) -> None:
        """What happened to other mailboxes than the open one; raises TooManyMailboxes."""
        if not self._groups:
            return
        numbers = await self._changed(user)
        found = {mailbox.id: mailbox for mailbox in await user.store.read(some_mailboxes, user.account, numbers)}
        before = {number: self._known.get(number) for number in numbers}
        for number in numbers:
            if number in found:
                self._known[number] = found[number]
            else:
                self._known.pop(number, None)
        if len(self._known) > user.contracts.settings.notified_mailboxes:
            raise TooManyMailboxes(len(self._known))
        lines = self._names(before, found, user)
        for number, mailbox in found.items():
            old = before[number]
            if old is not None:
                lines += self._messages(old, mailbox, self._events(mailbox, selected), user)
        user.output.write(b"".join(lines))
        await self._tell_annotations(user)

    def _noticed(self, _topic: str) -> None:
        self.news = True
        self._wake()

    async def _changed(self, user: User) -> list[int]:
        numbers: set[int] = set()
        while True:
            page = await user.store.read(touched, user.account, self._modseq, ENTRIES_PER_READ)
            if not page.complete:
                everything = await user.store.read(list_mailboxes, user.account)
                numbers |= {*self._known, *(mailbox.id for mailbox in everything)}
            numbers |= set(page.collections)
            self._modseq = page.modseq
            if not page.more:
                return sorted(numbers)
            await asyncio.sleep(0)

    def _events(self, mailbox: Mailbox, selected: int | None) -> NotifyEvent:
        events = NO_EVENT
        for group in self._groups:
            if _speaks_of(group, mailbox.name, subscribed=mailbox.subscribed):
                events |= group.events
        # RFC 5465 3.1: messages of the open one are told as SELECTED says, whatever else names it
        return events & ~MESSAGE_EVENTS if mailbox.id == selected else events

    def _names(self, before: dict[int, Mailbox | None], found: dict[int, Mailbox], user: User) -> list[bytes]:
        """MailboxName and SubscriptionChange; RFC 5465 5.4, 5.5."""
        shown: dict[str, bytes] = {}
        for number, old in before.items():
            new = found.get(number)
            if new is None:
                if old is not None and self._tells(NotifyEvent.MailboxName, old):
                    shown[old.name] = encoder.list_line(["\\NonExistent"], old.name, utf8=user.dialect.utf8)
                    self._show_parent(old, shown, user)
            elif old is None:
                if self._tells(NotifyEvent.MailboxName, new):
                    shown[new.name] = self._list_line(new, user)
                    self._show_parent(new, shown, user)
            elif old.name != new.name:
                told = self._tells(NotifyEvent.MailboxName, old) or self._tells(NotifyEvent.MailboxName, new)
                if told and not _went_along(old, new, before, found):
                    shown[new.name] = self._list_line(new, user, old_name=old.name)
            elif old.subscribed != new.subscribed and (
                self._tells(NotifyEvent.SubscriptionChange, old) or self._tells(NotifyEvent.SubscriptionChange, new)
            ):
                shown[new.name] = self._list_line(new, user)
        return list(shown.values())

    def _tells(self, event: NotifyEvent, mailbox: Mailbox) -> bool:
        return event in self._events(mailbox, None)

    def _show_parent(self, mailbox: Mailbox, shown: dict[str, bytes], user: User) -> None:
        """RFC 5465 5.4: the one above is affected too; whether it has children may be another thing now."""
        name = mailbox.name.rpartition(SEPARATOR)[0]
        parent = next((one for one in self._known.values() if name and one.name == name), None)
        if parent is not None and name not in shown and self._tells(NotifyEvent.MailboxName, parent):
            shown[name] = self._list_line(parent, user)

    def _list_line(self, mailbox: Mailbox, user: User, old_name: str | None = None) -> bytes:
        below = mailbox.name + SEPARATOR
        names = attributes(
            Listed(mailbox.name, mailbox), has_children=any(one.name.startswith(below) for one in self._known.values())
        )
        if mailbox.subscribed:
            names.append("\\Subscribed")
        return encoder.list_line(names, mailbox.name, utf8=user.dialect.utf8, old_name=old_name)

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

    async def _annotations(self, user: User) -> dict[tuple[int, str], bytes]:
        if not any(group.events & _METADATA for group in self._groups):
            return {}
        held = await user.store.read(annotation_digests, user.account)
        return {(number, entry): digest for number, entry, digest in held}

    async def _tell_annotations(self, user: User) -> None:
        """MailboxMetadataChange and ServerMetadataChange: the names of the entries; RFC 5465 5.6, 5.7."""
        notes = await self._annotations(user)
        changed: dict[int, list[str]] = {}
        for place in sorted({place for place, _ in self._notes.items() ^ notes.items()}):
            changed.setdefault(place[0], []).append(place[1])
        self._notes = notes
        for number, entries in changed.items():
            mailbox = self._known.get(number)
            if number == WHOLE:
                if any(NotifyEvent.ServerMetadataChange in group.events for group in self._groups):
                    user.output.write(encoder.metadata_changed("", entries))
            elif mailbox is not None and self._tells(NotifyEvent.MailboxMetadataChange, mailbox):
                user.output.write(encoder.metadata_changed(mailbox.name, entries, utf8=user.dialect.utf8))


def _speaks_of(group: NotifyGroup, name: str, *, subscribed: bool) -> bool:
    match group.filter:
        case NotifyFilter.PERSONAL | NotifyFilter.INBOXES:
            return True  # RFC 5465 6.3: filters may deliver to any
        case NotifyFilter.SUBSCRIBED:
            return subscribed
        case NotifyFilter.MAILBOXES:
            return any(name == canonical_name(one) for one in group.names)
        case NotifyFilter.SUBTREE:
            return any(
                name == above or name.startswith(above + SEPARATOR) for above in map(canonical_name, group.names)
            )
    return False


def _went_along(old: Mailbox, new: Mailbox, before: dict[int, Mailbox | None], found: dict[int, Mailbox]) -> bool:
    """True when a mailbox above was renamed and this one only with it; RFC 5465 5.4."""
    for number, above in before.items():
        if above is None or number == old.id or not old.name.startswith(above.name + SEPARATOR):
            continue
        now = found.get(number)
        if now is not None and now.name != above.name and new.name == now.name + old.name[len(above.name) :]:
            return True
    return False


def _status(mailbox: Mailbox, items: list[StatusItem], user: User) -> bytes:
    values = {
        StatusItem.MESSAGES: mailbox.exists,
        StatusItem.UIDNEXT: mailbox.uid_next,
        StatusItem.UIDVALIDITY: mailbox.uid_validity,
        StatusItem.UNSEEN: mailbox.unseen,
        StatusItem.HIGHESTMODSEQ: mailbox.modseq,
    }
    return encoder.status(mailbox.name, [(item, values[item]) for item in items], utf8=user.dialect.utf8)
