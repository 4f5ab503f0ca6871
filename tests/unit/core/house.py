"""Two domains with a person each, on any engine."""

from __future__ import annotations

from posthouse.core.accounts.accounts import NewAccount, add_account
from posthouse.core.accounts.domains import add_domain
from posthouse.core.accounts.resolve import Resolution, resolve
from posthouse.core.accounts.rewriting import SECRET_OCTETS, ensure_srs_secret
from posthouse.storage.contract import Store

NOW = 1_790_000_000_000
STRANGER = "x@elsewhere.net"


async def person(store: Store, address: str) -> int:
    """A new account."""
    return await store.write(add_account, NewAccount(address, "", None, None), NOW)


async def two_domains(store: Store) -> tuple[int, int]:
    """Ann in example.org, which is alias.example too, and Bob in example.com."""
    await store.write(ensure_srs_secret, b"s" * SECRET_OCTETS)
    await store.write(add_domain, "example.org", None, NOW)
    await store.write(add_domain, "example.com", None, NOW)
    await store.write(add_domain, "alias.example", "example.org", NOW)
    return await person(store, "ann@example.org"), await person(store, "bob@example.com")


async def resolved(store: Store, recipient: str, sender: str = STRANGER) -> Resolution:
    """What it leads to."""
    return await store.read(resolve, recipient, sender)


async def onward(store: Store, recipient: str, sender: str = STRANGER) -> list[tuple[str, str]]:
    """The addresses elsewhere that it leads to, with the senders that they see."""
    return [(each.address, each.sender) for each in (await resolved(store, recipient, sender)).onward]
