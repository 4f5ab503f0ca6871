"""Folders of a group's own: an account that no address leads to."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.change import apply
from posthouse.core.accounts.domains import own_domain
from posthouse.core.accounts.errors import NoFolders
from posthouse.core.accounts.groups import find_group
from posthouse.core.accounts.quota import usage
from posthouse.core.accounts.records import (
    AccountRecord,
    next_number,
    read_account,
    write_account,
    write_group,
)
from posthouse.core.sharing.grants import ROOT_KIND, AclRecord, Grant, Grantee, write_acl
from posthouse.core.sharing.rights import PRESETS
from posthouse.storage.changes import Revision
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query


class FolderLimits(msgspec.Struct, frozen=True):
    """What a group's folders may hold, None for no limit; fields left out stay."""

    quota_messages: int | msgspec.UnsetType | None = msgspec.UNSET
    quota_octets: int | msgspec.UnsetType | None = msgspec.UNSET


class FoldersShown(msgspec.Struct, array_like=True, frozen=True):
    """What a group's folders hold and may hold."""

    address: str
    messages: int
    quota_messages: int | None
    octets: int
    quota_octets: int | None


@operation
def open_folders(txn: WriteTransaction, address: str, now: int) -> int:
    """Give a group an account for folders of its own, which members find and may write to; the account's number.

    Raises NoSuchGroup.
    """
    number, record = find_group(txn, address)
    if record.account:
        return record.account
    domain = own_domain(txn, record.domain)
    record.account = account = next_number(txn, "accounts")
    write_account(
        txn,
        account,
        AccountRecord(
            record.local, record.domain, record.name, now, quota_octets=domain.account_quota_octets, group=number
        ),
    )
    write_group(txn, number, record)
    with Revision(txn, account) as revision:
        root = revision.add_collection(ROOT_KIND, "", None, now)
    write_acl(txn, account, root, AclRecord((Grant(Grantee("group", number), int(PRESETS["write"])),)))
    return account


@operation
def limit_folders(txn: WriteTransaction, address: str, change: FolderLimits) -> None:
    """Limit what a group's folders hold; raises NoSuchGroup, NoFolders."""
    number, account = _folders(txn, address)
    apply(change, account)
    write_account(txn, number, account)


@query
def show_folders(txn: ReadTransaction, address: str) -> FoldersShown:
    """What a group's folders hold and may hold; raises NoSuchGroup, NoFolders."""
    number, account = _folders(txn, address)
    held = usage(txn, number)
    return FoldersShown(account.address, held.messages, account.quota_messages, held.octets, account.quota_octets)


def _folders(txn: ReadTransaction, address: str) -> tuple[int, AccountRecord]:
    _, record = find_group(txn, address)
    account = read_account(txn, record.account) if record.account else None
    if account is None:
        raise NoFolders(address)
    return record.account, account
