"""Aliases: add, list, delete."""

from __future__ import annotations

from posthouse.admin.domain import known_domain
from posthouse.admin.names import address_of
from posthouse.core.accounts import aliases
from posthouse.core.accounts.aliases import AliasShown
from posthouse.storage.contract import Store


async def add(store: Store, address: str, targets: list[str]) -> str:
    """Let an address lead to others, to more when it does so already; the address.

    Raises BadAddress, NoSuchDomain, AddressExists, NotHere.
    """
    canonical = address_of(address)
    await store.write(aliases.add_alias, canonical, [address_of(target) for target in targets])
    return canonical


async def list_all(store: Store, domain: str | None) -> list[AliasShown]:
    """The aliases of a domain or of all; raises BadDomain, NoSuchDomain."""
    return await store.read(aliases.list_aliases, await known_domain(store, domain))


async def delete(store: Store, address: str) -> None:
    """Take an alias away; raises BadAddress, NoSuchAlias."""
    await store.write(aliases.delete_alias, address_of(address))
