"""Distribution groups: add, list, show, change, members, their folders' limits, delete."""

from __future__ import annotations

import msgspec

from posthouse.admin.domain import known_domain
from posthouse.admin.names import address_of, name_of
from posthouse.core.accounts import group_folders, groups
from posthouse.core.accounts.group_folders import FolderLimits, FoldersShown
from posthouse.core.accounts.groups import GroupChange, GroupShown
from posthouse.storage.contract import Store


async def add(store: Store, address: str, wanted: GroupChange, members: list[str], now: int) -> str:
    """Add a group; its address.

    Raises BadAddress, BadName, NoSuchDomain, AddressExists, NotHere for a member or the owner, NoOwner.
    """
    canonical = address_of(address)
    named = [address_of(member) for member in members]
    await store.write(groups.set_up_group, canonical, _canonical(wanted), named, now)
    return canonical


async def list_all(store: Store, domain: str | None) -> list[GroupShown]:
    """The groups of a domain or of all; raises BadDomain, NoSuchDomain."""
    return await store.read(groups.list_groups, await known_domain(store, domain))


async def show(store: Store, address: str) -> GroupShown:
    """One group; raises BadAddress, NoSuchGroup."""
    return await store.read(groups.show_group, address_of(address))


async def change(store: Store, address: str, wanted: GroupChange, add: list[str], remove: list[str]) -> None:
    """Change a group, add and remove members, all or nothing.

    Raises BadAddress, BadName, NoSuchGroup, NotHere, NoOwner.
    """
    more, gone = [address_of(member) for member in add], [address_of(member) for member in remove]
    await store.write(groups.change_group, address_of(address), _canonical(wanted), more, gone)


async def limit(store: Store, address: str, limits: FolderLimits) -> FoldersShown:
    """Limit what a group's folders hold, and show it; raises BadAddress, NoSuchGroup, NoFolders."""
    canonical = address_of(address)
    if limits != FolderLimits():
        await store.write(group_folders.limit_folders, canonical, limits)
    return await store.read(group_folders.show_folders, canonical)


async def delete(store: Store, address: str, now: int) -> None:
    """Take a group away with its folders; raises BadAddress, NoSuchGroup."""
    await store.write(groups.delete_group, address_of(address), now)


def _canonical(wanted: GroupChange) -> GroupChange:
    if wanted.name is not msgspec.UNSET:
        wanted = msgspec.structs.replace(wanted, name=name_of(wanted.name))
    if isinstance(wanted.owner, str):
        wanted = msgspec.structs.replace(wanted, owner=address_of(wanted.owner))
    return wanted
