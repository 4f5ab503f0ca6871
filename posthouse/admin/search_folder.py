"""Search folders of an account, as an operator makes and sees them."""

from __future__ import annotations

from posthouse.admin.names import address_of
from posthouse.core.accounts.accounts import show_account
from posthouse.core.mail.mailboxes import Mailbox, delete_mailbox
from posthouse.core.mail.search_folders.defining import (
    SearchFolder,
    Wanted,
    check_criteria,
    define_search_folder,
    list_search_folders,
    read_search_folder,
)
from posthouse.core.mail.search_folders.errors import NoSuchSearchFolder
from posthouse.core.mail.search_folders.settings import SearchFolderSettings
from posthouse.core.mail.settings import MailSettings
from posthouse.storage.contract import Store


async def list_all(store: Store, address: str) -> list[SearchFolder]:
    """All that an account has, by name; raises BadAddress, NoSuchAccount."""
    return await store.read(list_search_folders, await _account(store, address))


async def add(
    store: Store, address: str, name: str, wanted: Wanted, settings: SearchFolderSettings, now: int, mail: MailSettings
) -> Mailbox:
    """Make one, or change what it looks for; raises BadAddress, NoSuchAccount, and as `define_search_folder`."""
    check_criteria(wanted.criteria, settings)
    account = await _account(store, address)
    return await store.write(define_search_folder, account, name, wanted, settings, now, mail)


async def remove(store: Store, address: str, name: str, now: int) -> None:
    """Delete one; the messages stay. Raises BadAddress, NoSuchAccount, NoSuchMailbox, NoSuchSearchFolder."""
    account = await _account(store, address)
    if await store.read(read_search_folder, account, name) is None:
        raise NoSuchSearchFolder(name)
    await store.write(delete_mailbox, account, name, now)


async def _account(store: Store, address: str) -> int:
    return (await store.read(show_account, address_of(address))).number
