"""Domains: add, list, show, change, delete, and aliases of them."""

from __future__ import annotations

import msgspec

from posthouse.admin import dkim
from posthouse.admin.names import address_of, domain_of
from posthouse.core.accounts import domains
from posthouse.core.accounts.domains import DomainChange, DomainShown
from posthouse.core.accounts.records import DomainRecord
from posthouse.core.accounts.roles import add_domain_with_roles
from posthouse.storage.contract import Store


async def add(store: Store, name: str, postmaster: str | None, now: int) -> str:
    """Take mail for a domain; its canonical name. `postmaster` gets the mail of its roles (postmaster, abuse).

    Raises BadDomain, BadAddress, DomainExists, NotHere.
    """
    domain = domain_of(name)
    if postmaster is None:
        await store.write(domains.add_domain, domain, None, now)
    else:
        await store.write(add_domain_with_roles, domain, address_of(postmaster), now)
    await dkim.add(store, domain, now)
    return domain


async def add_alias_of(store: Store, alias: str, domain: str, now: int) -> str:
    """Let mail to every address of `alias` go to the same one of `domain`.

    Raises BadDomain, DomainExists, NoSuchDomain.
    """
    name = domain_of(alias)
    await store.write(domains.add_domain, name, domain_of(domain), now)
    await dkim.add(store, name, now)
    return name


async def list_all(store: Store) -> list[DomainRecord]:
    """All domains and aliases of domains, by name."""
    return await store.read(domains.list_domains)


async def show(store: Store, name: str) -> DomainShown:
    """One domain, what it holds and its aliases; raises BadDomain, NoSuchDomain."""
    return await store.read(domains.show_domain, domain_of(name))


async def known_domain(store: Store, name: str | None) -> str | None:
    """The canonical name of a domain of ours that a listing is narrowed to, None as it is.

    Raises BadDomain, NoSuchDomain.
    """
    return None if name is None else (await show(store, name)).record.name


async def change(store: Store, name: str, wanted: DomainChange) -> None:
    """Change settings; raises BadDomain, BadAddress, NoSuchDomain, and NotHere for the catch-all."""
    if isinstance(wanted.catch_all, str):
        wanted = msgspec.structs.replace(wanted, catch_all=address_of(wanted.catch_all))
    await store.write(domains.change_domain, domain_of(name), wanted)


async def delete(store: Store, name: str) -> None:
    """Take no more mail for a domain or an alias of one; raises BadDomain, NoSuchDomain, DomainInUse."""
    await store.write(domains.delete_domain, domain_of(name))
