"""STATUS; RFC 9051 6.3.11, RFC 8438 (SIZE), RFC 7889 (APPENDLIMIT), RFC 8474 (MAILBOXID)."""

from __future__ import annotations

from posthouse.core.mail.reading import Opened, open_mailbox
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands import Status, StatusItem


async def status(command: Status, user: User) -> Ok:
    """A mailbox's counters, without opening it."""
    user.output.write(await status_line(command.name, command.items, user))
    return Ok("That is all")


async def status_line(name: str, items: tuple[StatusItem, ...], user: User) -> bytes:
    """The STATUS response; raises NoSuchMailbox."""
    opened = await user.store.read(open_mailbox, user.account, name)
    return encoder.status(opened.mailbox.name, [(item, _value(item, opened, user)) for item in items])


def _value(item: StatusItem, opened: Opened, user: User) -> int | bytes:
    mailbox = opened.mailbox
    match item:
        case StatusItem.MESSAGES:
            return mailbox.exists
        case StatusItem.RECENT:
            return opened.recent
        case StatusItem.UIDNEXT:
            return mailbox.uid_next
        case StatusItem.UIDVALIDITY:
            return mailbox.uid_validity
        case StatusItem.UNSEEN:
            return mailbox.unseen
        case StatusItem.DELETED:
            return mailbox.deleted
        case StatusItem.SIZE:
            return mailbox.size
        case StatusItem.HIGHESTMODSEQ:
            return mailbox.modseq
        case StatusItem.APPENDLIMIT:
            return user.contracts.settings.message_octets
        case StatusItem.MAILBOXID:
            return b"(F%d)" % mailbox.id
