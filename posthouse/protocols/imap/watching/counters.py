"""What NOTIFY tells of messages in mailboxes that are not open; RFC 5465 5.1 to 5.3."""

from __future__ import annotations

from posthouse.core.mail.mailboxes import Mailbox
from posthouse.protocols.imap.dialect import Dialect
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.listing import StatusItem
from posthouse.protocols.imap.wire.notify import MESSAGE_EVENTS, NotifyEvent


def differences(old: Mailbox, new: Mailbox, events: NotifyEvent, dialect: Dialect) -> list[bytes]:
    """What MessageNew, MessageExpunge and FlagChange tell of a mailbox that was `old` and is `new`.

    They may be two of one name, as when a mailbox becomes a search folder.
    """
    if not events & MESSAGE_EVENTS:
        return []
    items: list[StatusItem] = []
    if new.uid_next != old.uid_next or new.exists != old.exists:
        items += [StatusItem.MESSAGES, StatusItem.UIDNEXT, StatusItem.UIDVALIDITY]
    if NotifyEvent.FlagChange in events and new.modseq != old.modseq:
        if new.unseen != old.unseen:
            items.append(StatusItem.UNSEEN)
        renumbered = new.uid_validity != old.uid_validity  # RFC 5465 5.1
        if StatusItem.UIDVALIDITY not in items and (items or dialect.condstore or renumbered):
            items.append(StatusItem.UIDVALIDITY)
    if items and dialect.condstore:
        items.append(StatusItem.HIGHESTMODSEQ)
    return [status_line(new, items, utf8=dialect.utf8)] if items else []


def status_line(mailbox: Mailbox, items: list[StatusItem], *, utf8: bool) -> bytes:
    """The STATUS response with those items."""
    values = {
        StatusItem.MESSAGES: mailbox.exists,
        StatusItem.UIDNEXT: mailbox.uid_next,
        StatusItem.UIDVALIDITY: mailbox.uid_validity,
        StatusItem.UNSEEN: mailbox.unseen,
        StatusItem.HIGHESTMODSEQ: mailbox.modseq,
    }
    return encoder.status(mailbox.name, [(item, values[item]) for item in items], utf8=utf8)
