"""STATUS; RFC 9051 6.3.11, RFC 8438 (SIZE), RFC 7889 (APPENDLIMIT), RFC 8474 (MAILBOXID), RFC 9208."""

from __future__ import annotations

import asyncio

from posthouse.core.mail.finding import Found
from posthouse.core.mail.mailboxes import Mailbox
from posthouse.core.mail.reading import Opened, deleted_octets, open_mailbox, open_numbered
from posthouse.core.sharing.rights import Right
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.listing import Status, StatusItem

ITEMS_PER_READ = 2500  # about 2 ms


async def status(command: Status, user: User) -> Ok:
    """A mailbox's counters, without opening it."""
    user.output.write(await status_line(await user.find(command.name), command.items, user))
    return Ok("That is all")


async def status_line(found: Found, items: tuple[StatusItem, ...], user: User) -> bytes:
    """The STATUS response; raises NoSuchMailbox."""
    found.need(Right.READ)
    opened = await _opened(found, user)
    if opened.mailbox.virtual:
        await user.contracts.refresher.refresh(found.account, opened.mailbox.id)
        opened = await user.store.read(open_numbered, found.account, opened.mailbox.id)
    values: list[tuple[StatusItem, int | bytes]] = []
    for item in items:
        if item is StatusItem.DELETED_STORAGE:
            values.append((item, await _deleted_octets(found.account, opened.mailbox, user)))
        else:
            values.append((item, _value(item, opened, found, user)))
    return encoder.status(found.called, values, utf8=user.dialect.utf8)


async def _opened(found: Found, user: User) -> Opened:
    if found.number:
        return await user.store.read(open_numbered, found.account, found.number)
    return await user.store.read(open_mailbox, found.account, found.name)


async def _deleted_octets(account: int, mailbox: Mailbox, user: User) -> int:
    """How much an EXPUNGE would free; RFC 9208 4.1.4. It is not counted at each change, for it is seldom asked."""
    octets, next_uid = 0, 1 if mailbox.deleted else 0
    while next_uid:
        more, next_uid = await user.store.read(deleted_octets, account, mailbox.id, next_uid, ITEMS_PER_READ)
        octets += more
        await asyncio.sleep(0)
    return octets


def _value(item: StatusItem, opened: Opened, found: Found, user: User) -> int | bytes:
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
            return b"(%b)" % user.object_id(b"F", found.account, mailbox.id)
        case StatusItem.DELETED_STORAGE:
            raise AssertionError("this one has to be read")
