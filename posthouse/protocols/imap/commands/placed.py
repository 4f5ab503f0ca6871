"""Where messages stand that were put into a mailbox: APPENDUID and COPYUID; RFC 4315 3.

What is put into a search folder goes to its main mailbox. Who put it there is told the UIDs that it has in the folder,
when the folder shows it, and else none.
"""

from __future__ import annotations

from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.finding import Found
from posthouse.core.mail.mailboxes import find_mailbox
from posthouse.core.mail.messages import Appended, Copied
from posthouse.core.mail.search_folders.acting import shown_as
from posthouse.protocols.imap.contracts import Placed, User
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.sequence import ranges_of
from posthouse.storage.contract import StoreUnavailable
from posthouse.storage.ranges import numbers


async def appended(placed: Appended, found: Found, user: User) -> tuple[bytes | None, tuple[Placed, ...]]:
    """The APPENDUID code, and what was placed; no code where the messages are not in the mailbox that was named."""
    brought = Placed(found.account, placed.uid_validity, ranges_of(placed.uids))
    if not placed.main:
        return encoder.append_uid(brought.uid_validity, brought.uids), (brought,)
    named = await _in_folder(placed.main, placed.uids, found, user)
    if named is None:
        return None, (brought,)
    return encoder.append_uid(named.uid_validity, named.uids), (brought, named)


async def copied(done: Copied, found: Found, user: User) -> tuple[bytes | None, tuple[Placed, ...]]:
    """The COPYUID code, and what was placed; no code when nothing was there to copy, and as for APPENDUID."""
    if not done.source:
        return None, ()
    brought = Placed(found.account, done.uid_validity, done.target)
    if not done.main:
        return encoder.copy_uid(brought.uid_validity, done.source, brought.uids), (brought,)
    named = await _in_folder(done.main, [*numbers(done.target)], found, user)
    if named is None:
        return None, (brought,)
    return encoder.copy_uid(named.uid_validity, done.source, named.uids), (brought, named)


async def _in_folder(main: int, uids: list[int], found: Found, user: User) -> Placed | None:
    try:
        folder = await user.store.read(find_mailbox, found.account, found.name)
        await user.contracts.refresher.refresh(found.account, folder.id)
        shown = await user.store.read(shown_as, found.account, folder.id, main, uids)
    except (NoSuchMailbox, StoreUnavailable):
        return None  # the messages are placed, whatever becomes of the folder
    return Placed(found.account, folder.uid_validity, ranges_of(shown)) if shown else None
