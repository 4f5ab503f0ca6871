"""Domains: add, list, show, change, delete, and aliases of them."""

from __future__ import annotations

import msgspec

from posthouse.admin import dkim
from posthouse.admin.names import address_of, domain_of, host_of, ip_address_of
from posthouse.core.accounts import domains
from posthouse.core.accounts.domains import DomainChange, DomainShown
from posthouse.core.accounts.records import DomainRecord, SmartHost
from posthouse.core.accounts.roles import add_domain_with_roles
from posthouse.core.queue.operator import reopen
from posthouse.storage.contract import Store

SUBMISSION, SUBMISSIONS = 587, 465


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
    """All domains and aliases of domains, by name; the passwords of smart hosts are left out."""
    return [_without_password(record) for record in await store.read(domains.list_domains)]


async def show(store: Store, name: str) -> DomainShown:
    """One domain, what it holds and its aliases; the password of its smart host is left out.

    Raises BadDomain, NoSuchDomain.
    """
    found = await store.read(domains.show_domain, domain_of(name))
    return msgspec.structs.replace(found, record=_without_password(found.record))


async def known_domain(store: Store, name: str | None) -> str | None:
    """The canonical name of a domain of ours that a listing is narrowed to, None as it is.

    Raises BadDomain, NoSuchDomain.
    """
    return None if name is None else (await show(store, name)).record.name


def smart_host_of(text: str, login: str, password: str, *, plain: bool) -> SmartHost:
    """A smart host as HOST or HOST:PORT; at port 465 TLS begins at once (RFC 8314 3.3). Raises BadHost."""
    host, port = host_of(text, SUBMISSION)
    return SmartHost(host, port, login, password, implicit_tls=port == SUBMISSIONS, plain=plain)


async def change(store: Store, name: str, wanted: DomainChange) -> None:
    """Change settings; raises BadDomain, BadAddress, BadHost, NoSuchDomain, and NotHere for the catch-all.

    Mail that waits for a smart host that could not be reached goes by the new way at once.
    """
    if wanted.source_addresses is not msgspec.UNSET:
        sources = tuple(ip_address_of(address) for address in wanted.source_addresses)
        wanted = msgspec.structs.replace(wanted, source_addresses=tuple(dict.fromkeys(sources)))
    if isinstance(wanted.catch_all, str):
        wanted = msgspec.structs.replace(wanted, catch_all=address_of(wanted.catch_all))
    await store.write(domains.change_domain, domain_of(name), wanted)
    if wanted.smart_host is not msgspec.UNSET:
        await store.write(reopen, f"@{domain_of(name)}")


async def delete(store: Store, name: str) -> None:
    """Take no more mail for a domain or an alias of one; raises BadDomain, NoSuchDomain, DomainInUse."""
    await store.write(domains.delete_domain, domain_of(name))


def _without_password(record: DomainRecord) -> DomainRecord:
    if record.smart_host is None:
        return record
    return msgspec.structs.replace(record, smart_host=msgspec.structs.replace(record.smart_host, password=""))
