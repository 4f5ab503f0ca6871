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
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.sequence import ranges_of
from posthouse.storage.contract import StoreUnavailable
from posthouse.storage.ranges import Range, numbers


async def append_uid(placed: Appended, found: Found, user: User) -> bytes | None:
    """The APPENDUID code; None where the messages are not in the mailbox that was named."""
    if not placed.main:
        return encoder.append_uid(placed.uid_validity, ranges_of(placed.uids))
    named = await _in_folder(placed.main, placed.uids, found, user)
    return None if named is None else encoder.append_uid(*named)


async def copy_uid(copied: Copied, found: Found, user: User) -> bytes | None:
    """The COPYUID code; None when nothing was there to copy, and as for APPENDUID."""
    if not copied.source:
        return None
    if not copied.main:
        return encoder.copy_uid(copied.uid_validity, copied.source, copied.target)
    named = await _in_folder(copied.main, [*numbers(copied.target)], found, user)
    return None if named is None else encoder.copy_uid(named[0], copied.source, named[1])


async def _in_folder(main: int, uids: list[int], found: Found, user: User) -> tuple[int, list[Range]] | None:
    try:
        folder = await user.store.read(find_mailbox, found.account, found.name)
        await user.contracts.refresher.refresh(found.account, folder.id)
        shown = await user.store.read(shown_as, found.account, folder.id, main, uids)
    except (NoSuchMailbox, StoreUnavailable):
        return None  # the messages are placed, whatever becomes of the folder
    return (folder.uid_validity, ranges_of(shown)) if shown else None
