"""The mailboxes that a NOTIFY may speak of, one's own and what others share, and which of them it means; RFC 5465 6."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from posthouse.core.mail.finding import GROUPS, OTHERS, is_shared, list_shared
from posthouse.core.mail.mailboxes import SEPARATOR, Mailbox, canonical_name
from posthouse.core.sharing.rights import ALL, Right
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.wire.notify import MESSAGE_EVENTS, NO_EVENT, NotifyEvent, NotifyFilter, NotifyGroup

Place = tuple[int, int]  # account, number of the collection
_NEEDED = Right.LOOKUP | Right.READ  # RFC 5465 5: for whatever event


class Watched(msgspec.Struct, frozen=True):
    """One mailbox under the name that the user has for it, as the peer was told of it."""

    account: int
    mailbox: Mailbox
    rights: Right = ALL
    owned: bool = True

    @property
    def place(self) -> Place:
        """Where it is, whatever it is called."""
        return self.account, self.mailbox.id

    @property
    def name(self) -> str:
        """What the user calls it."""
        return self.mailbox.name

    @property
    def is_open(self) -> bool:
        """True when one may be told what happens to it."""
        return self.rights & _NEEDED == _NEEDED


async def read_others(user: User) -> dict[Place, Watched]:
    """All that others share with the user."""
    seen = await user.store.read(list_shared, user.visitor)
    found = (Watched(one.account, one.mailbox, one.rights, owned=False) for one in seen)
    return {one.place: one for one in found}


def may_mean_others(group: NotifyGroup) -> bool:
    """True when a mailbox that is not one's own may be meant."""
    if group.filter is NotifyFilter.SUBSCRIBED:
        return True
    return any(name.partition(SEPARATOR)[0] in (OTHERS, GROUPS) for name in group.names)


def may_mean_some(group: NotifyGroup, level: str) -> bool:
    """True when a mailbox under a level such as "Shared/sales@example.org" may be meant, be it there yet or not.

    Of SUBSCRIBED only those of groups: others' are meant once they are subscribed to, which is heard by itself.
    """
    if group.filter is NotifyFilter.SUBSCRIBED:
        return level.startswith(GROUPS + SEPARATOR)
    names = [called(name) + SEPARATOR for name in group.names]
    return any(name.startswith(level + SEPARATOR) or (level + SEPARATOR).startswith(name) for name in names)


def asked(groups: Iterable[NotifyGroup], watched: Watched) -> NotifyEvent:
    """What the groups ask of a mailbox, whether it may be told or not."""
    events = NO_EVENT
    for group in groups:
        if _means(group, watched.name, owned=watched.owned, subscribed=watched.mailbox.subscribed):
            events |= group.events
    return events


def events_of(groups: Iterable[NotifyGroup], watched: Watched, selected: Place | None) -> NotifyEvent:
    """What is told of a mailbox, where `selected` is the open one."""
    events = asked(groups, watched) if watched.is_open else NO_EVENT
    # RFC 5465 3.1: messages of the open one are told as SELECTED says, whatever else names it
    return events & ~MESSAGE_EVENTS if watched.place == selected else events


def asked_of_level(groups: Iterable[NotifyGroup], name: str) -> NotifyEvent:
    """Likewise of a name above shared mailboxes that is not one itself."""
    events = NO_EVENT
    for group in groups:
        if _means(group, name, owned=False, subscribed=False):
            events |= group.events
    return events


def _means(group: NotifyGroup, name: str, *, owned: bool, subscribed: bool) -> bool:
    match group.filter:
        case NotifyFilter.PERSONAL | NotifyFilter.INBOXES:
            return owned  # RFC 5465 6.3: filters may deliver to any
        case NotifyFilter.SUBSCRIBED:
            return subscribed
        case NotifyFilter.MAILBOXES:
            return any(name == called(one) for one in group.names)
        case NotifyFilter.SUBTREE:
            return any(name == above or name.startswith(above + SEPARATOR) for above in map(called, group.names))
    return False


def called(name: str) -> str:
    """The name of a mailbox as it is listed: addresses and INBOX are written in one way."""
    if not is_shared(name):
        return canonical_name(name)
    first, _, rest = name.partition(SEPARATOR)
    address, _, below = rest.partition(SEPARATOR)
    return SEPARATOR.join([first, address.lower(), *([canonical_name(below)] if below else [])])
