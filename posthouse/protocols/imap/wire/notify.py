"""What NOTIFY asks to be told of; RFC 5465 5 and 6."""

from __future__ import annotations

import enum

import msgspec

from posthouse.protocols.imap.wire.fetch import FetchAttribute


class NotifyEvent(enum.IntFlag):
    """Events; the names are those of the command."""

    MessageNew = 1
    MessageExpunge = 2
    FlagChange = 4
    MailboxName = 8
    SubscriptionChange = 16
    MailboxMetadataChange = 32
    ServerMetadataChange = 64


NO_EVENT = NotifyEvent(0)
MESSAGE_EVENTS = NotifyEvent.MessageNew | NotifyEvent.MessageExpunge | NotifyEvent.FlagChange


class NotifyFilter(enum.Enum):
    """Which mailboxes a group speaks of; RFC 5465 6."""

    SELECTED = b"SELECTED"
    SELECTED_DELAYED = b"SELECTED-DELAYED"
    INBOXES = b"INBOXES"
    PERSONAL = b"PERSONAL"
    SUBSCRIBED = b"SUBSCRIBED"
    SUBTREE = b"SUBTREE"
    MAILBOXES = b"MAILBOXES"

    @property
    def is_selected(self) -> bool:
        """True for the two that mean the open mailbox, whichever that is."""
        return self in (NotifyFilter.SELECTED, NotifyFilter.SELECTED_DELAYED)


class NotifyGroup(msgspec.Struct, frozen=True, gc=False):
    """Some mailboxes and what to tell of them; `names` for SUBTREE and MAILBOXES, `attributes` of new messages."""

    filter: NotifyFilter
    names: tuple[str, ...]
    events: NotifyEvent
    attributes: tuple[FetchAttribute, ...] = ()
