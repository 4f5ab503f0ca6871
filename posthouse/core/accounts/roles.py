"""The addresses that every domain has, and whom they lead to; RFC 5321 4.5.1, RFC 2142 2."""

from __future__ import annotations

from posthouse.core.accounts.aliases import add_alias
from posthouse.core.accounts.domains import add_domain
from posthouse.core.accounts.references import referred_here
from posthouse.storage.contract import WriteTransaction, operation

ROLES = ("postmaster", "abuse")


@operation
def name_roles(txn: WriteTransaction, domain: str, address: str) -> None:
    """Let the ROLES of a domain lead to an address of ours, which may itself be one of them.

    Raises NoSuchDomain, NotHere, and AddressExists where an account or a group has such an address.
    """
    referred_here(txn, address)
    for role in ROLES:
        if f"{role}@{domain}" != address:
            add_alias(txn, f"{role}@{domain}", [address])


@operation
def add_domain_with_roles(txn: WriteTransaction, domain: str, address: str, now: int) -> None:
    """Take mail for a domain, that of its ROLES for `address`; raises DomainExists, NotHere."""
    add_domain(txn, domain, None, now)
    name_roles(txn, domain, address)
