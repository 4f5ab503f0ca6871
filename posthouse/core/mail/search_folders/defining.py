"""Making search folders, changing what they look for, and listing them; for deleting see `mailboxes`."""

from __future__ import annotations

import msgspec

from posthouse.core.mail.attached import forget_attached
from posthouse.core.mail.criteria import keys
from posthouse.core.mail.digests.blocks import forget_digests
from posthouse.core.mail.errors import MailboxHasChildren, NoSuchMailbox
from posthouse.core.mail.mailboxes import (
    INBOX_ID,
    KIND,
    SEPARATOR,
    Mailbox,
    add_mailbox,
    canonical_name,
    find,
    mailbox_of,
)
from posthouse.core.mail.search_folders.errors import (
    MailboxHasMessages,
    NotForSearchFolders,
    NotLasting,
    TooManySearchFolders,
)
from posthouse.core.mail.search_folders.records import (
    SEARCH_KIND,
    Definition,
    Place,
    Standing,
    read_definition,
    read_standing,
    write_definition,
    write_standing,
)
from posthouse.core.mail.search_folders.settings import SearchFolderSettings
from posthouse.core.mail.settings import MailSettings
from posthouse.storage.changes import Revision
from posthouse.storage.collections import read_collection, scan_collections
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query


class NamedPlace(msgspec.Struct, array_like=True, frozen=True):
    """A mailbox to look at, by name; `below`: those under it too."""

    name: str
    below: bool = False


class Wanted(msgspec.Struct, array_like=True, frozen=True):
    """What a folder shall look for; see `Definition`. `main` is a mailbox's name."""

    criteria: keys.SearchKey
    places: list[NamedPlace] = []
    main: str | None = None


class SearchFolder(msgspec.Struct, array_like=True, frozen=True):
    """A search folder as its owner sees it; places and main mailbox that are gone are left out."""

    mailbox: Mailbox
    wanted: Wanted


def check_criteria(criteria: keys.SearchKey, settings: SearchFolderSettings) -> None:
    """Raise NotLasting for criteria that cannot be kept; to be asked before they are sent to the store."""
    every = list(keys.leaves(criteria))
    if any(isinstance(leaf, keys.Bound) for leaf in every):
        raise NotLasting("bound")
    if len(every) > settings.keys:
        raise NotLasting("keys")


@operation
def define_search_folder(
    txn: WriteTransaction,
    account: int,
    name: str,
    wanted: Wanted,
    settings: SearchFolderSettings,
    now: int,
    mail: MailSettings,
) -> Mailbox:
    """Make the mailbox `name` a search folder, or change what it looks for; without such a mailbox one is made.

    One that was a mailbox has another UIDVALIDITY from then on. Raises InvalidMailboxName, MailboxHasChildren,
    MailboxHasMessages, NoSuchMailbox of a place, NotForSearchFolders, NotLasting, TooManyMailboxes,
    TooManySearchFolders.
    """
    check_criteria(wanted.criteria, settings)
    definition = _definition(txn, account, wanted)
    try:
        number, record = find(txn, account, name)
    except NoSuchMailbox:
        number, record = 0, None
    if record is None or record.kind != SEARCH_KIND:
        if number:
            _check_convertible(txn, account, number)
        held = sum(other.kind == SEARCH_KIND for _, other in scan_collections(txn, account))
        if held >= settings.folders:
            raise TooManySearchFolders(settings.folders)
        subscribed = record is None or record.subscribed
        with Revision(txn, account) as revision:
            if number:
                revision.remove_collection(number)
                forget_attached(txn, account, number)
                forget_digests(txn, account, number)
            number = add_mailbox(revision, canonical_name(name), now, mail, SEARCH_KIND)
            revision.touch(number).subscribed = subscribed
        write_standing(txn, account, number, Standing())
    else:
        with Revision(txn, account) as revision:
            revision.touch(number)  # so that who looks at it hears of it
        standing = read_standing(txn, account, number) or Standing()
        standing.turn += 1
        standing.synced = 0  # all is looked at again: what fits still keeps its UID
        write_standing(txn, account, number, standing)
    write_definition(txn, account, number, definition)
    return mailbox_of(*find(txn, account, name))


@query
def read_search_folder(txn: ReadTransaction, account: int, name: str) -> SearchFolder | None:
    """The search folder of that name, None for a mailbox that is none; raises NoSuchMailbox."""
    return _shown(txn, account, find(txn, account, name)[0])


@query
def list_search_folders(txn: ReadTransaction, account: int) -> list[SearchFolder]:
    """All of an account, by name."""
    found = [_shown(txn, account, number) for number, _ in scan_collections(txn, account)]
    return sorted([one for one in found if one is not None], key=lambda one: one.mailbox.name)


def _definition(txn: ReadTransaction, account: int, wanted: Wanted) -> Definition:
    places = tuple([Place(_plain(txn, account, place.name), place.below) for place in wanted.places])
    main = 0 if wanted.main is None else _plain(txn, account, wanted.main)
    return Definition(wanted.criteria, places, main)


def _plain(txn: ReadTransaction, account: int, name: str) -> int:
    number, record = find(txn, account, name)
    if record.kind != KIND:
        raise NotForSearchFolders("look into a search folder")
    return number


def _check_convertible(txn: ReadTransaction, account: int, number: int) -> None:
    record = read_collection(txn, account, number)
    assert record is not None, "it was just found"
    if number == INBOX_ID or record.role is not None:
        raise NotForSearchFolders("be a default folder")  # SPEC F2
    if record.exists:
        raise MailboxHasMessages(record.name)
    below = record.name + SEPARATOR
    if any(other.name.startswith(below) for _, other in scan_collections(txn, account)):
        raise MailboxHasChildren(record.name)


def _shown(txn: ReadTransaction, account: int, number: int) -> SearchFolder | None:
    record, definition = read_collection(txn, account, number), read_definition(txn, account, number)
    if record is None or definition is None or record.kind != SEARCH_KIND:
        return None
    places = []
    for place in definition.places:
        held = read_collection(txn, account, place.mailbox)
        if held is not None:
            places.append(NamedPlace(held.name, place.below))
    main = read_collection(txn, account, definition.main)
    return SearchFolder(
        mailbox_of(number, record), Wanted(definition.criteria, places, None if main is None else main.name)
    )
