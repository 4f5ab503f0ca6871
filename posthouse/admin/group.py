"""Distribution groups: add, list, show, change, members, delete."""

from __future__ import annotations

from posthouse.admin.domain import known_domain
from posthouse.admin.names import address_of, name_of
from posthouse.core.accounts import groups
from posthouse.core.accounts.groups import GroupShown
from posthouse.core.accounts.records import Posting
from posthouse.storage.contract import Store


async def add(store: Store, address: str, name: str, posting: Posting, members: list[str], now: int) -> str:
    """Add a group; its address. Raises BadAddress, BadName, NoSuchDomain, AddressExists, NotHere for a member."""
    canonical = address_of(address)
    wanted = [address_of(member) for member in members]
    await store.write(groups.add_group, canonical, name_of(name), posting, wanted, now)
    return canonical


async def list_all(store: Store, domain: str | None) -> list[GroupShown]:
    """The groups of a domain or of all; raises BadDomain, NoSuchDomain."""
    return await store.read(groups.list_groups, await known_domain(store, domain))


async def show(store: Store, address: str) -> GroupShown:
    """One group; raises BadAddress, NoSuchGroup."""
    return await store.read(groups.show_group, address_of(address))


async def change(
    store: Store, address: str, name: str | None, posting: Posting | None, add: list[str], remove: list[str]
) -> None:
    """Change what is not None, add and remove members, all or nothing.

    Raises BadAddress, BadName, NoSuchGroup, NotHere.
    """
    name = None if name is None else name_of(name)
    more, gone = [address_of(member) for member in add], [address_of(member) for member in remove]
    await store.write(groups.change_group, address_of(address), name, posting, more, gone)


async def delete(store: Store, address: str) -> None:
    """Take a group away; raises BadAddress, NoSuchGroup."""
    await store.write(groups.delete_group, address_of(address))
