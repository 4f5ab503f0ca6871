"""Changing messages of the open mailbox; in a search folder, the messages that it shows, where they are."""

from __future__ import annotations

from posthouse.core.mail import messages, transfer
from posthouse.core.mail.finding import Found
from posthouse.core.mail.flagging import Stored
from posthouse.core.mail.flags import FlagChange
from posthouse.core.mail.messages import Appended, Copied
from posthouse.core.mail.records import Letter
from posthouse.core.mail.search_folders import acting
from posthouse.protocols.imap.view import View
from posthouse.storage.ranges import Range


async def store_flags(
    view: View, ranges: list[Range], change: FlagChange, unchanged_since: int | None = None
) -> Stored:
    """Change flags; raises NoSuchMailbox, TooManyKeywords."""
    where = view.account, view.mailbox
    if view.virtual:
        return await view.store.write(acting.store_flags, *where, ranges, change, unchanged_since)
    return await view.store.write(messages.store_flags, *where, ranges, change, unchanged_since)


async def expunge(view: View, ranges: list[Range], now: int) -> None:
    r"""Remove what of `ranges` is \Deleted; raises NoSuchMailbox."""
    where = view.account, view.mailbox
    if view.virtual:
        await view.store.write(acting.expunge, *where, ranges, now)
    else:
        await view.store.write(messages.expunge, *where, ranges, now)


async def copy_or_move(view: View, ranges: list[Range], found: Found, now: int, *, moves: bool) -> Copied:
    """To another mailbox; raises NoSuchMailbox, NoMainMailbox, OverQuota, TooManyKeywords."""
    store, where = view.store, (view.account, view.mailbox)
    if view.virtual:
        return await store.write(acting.transfer, *where, ranges, found, not moves, now)
    if found.account != view.account or not found.is_free:
        return await store.write(transfer.transfer, *where, ranges, found, not moves, now)
    return await store.write(messages.move if moves else messages.copy, *where, ranges, found.name, now)


async def replace(
    view: View,
    uid: int,
    found: Found,
    letters: list[Letter],
    flags: list[tuple[int, tuple[str, ...]]],
    received: list[int],
    now: int,
) -> Appended:
    """Put messages in the place of one; raises NoSuchMailbox, NoSuchMessage, OverQuota."""
    where, into = (view.account, view.mailbox, uid), (found.account, found.name)
    if view.virtual:
        return await view.store.write(acting.replace, *where, *into, letters, flags, received, now)
    return await view.store.write(messages.replace, *where, *into, letters, flags, received, now)
