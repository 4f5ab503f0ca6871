"""Accounts: add, list, show, change, delete; passwords and app passwords; forwarding, delegates."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec

from posthouse.admin.domain import known_domain
from posthouse.admin.names import address_of, name_of, program_name_of
from posthouse.core.accounts import accounts
from posthouse.core.accounts.accounts import AccountChange, AccountShown, NewAccount
from posthouse.core.accounts.forwarding import change_delegates, set_forwarding
from posthouse.core.accounts.sending import sent_today
from posthouse.core.authentication.credentials import PasswordKeys, read_credentials, revoke_app_password
from posthouse.core.authentication.credentials import add_app_password as keep_app_password
from posthouse.core.authentication.passwords import app_password_digest, check_policy, derive, new_app_password
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.storage.contract import Store

PAGE = 1000


class AccountDetails(msgspec.Struct, frozen=True):
    """An account with all that leads to it and lets one in; times in ms since the epoch."""

    account: AccountShown
    addresses: list[str]
    app_passwords: dict[str, int]


class Wanted(msgspec.Struct, frozen=True):
    """An account to add; `quota` in octets, None for no limit, UNSET for its domain's default."""

    address: str
    name: str
    password: str
    quota: int | msgspec.UnsetType | None = msgspec.UNSET


async def add(store: Store, wanted: Wanted, settings: AuthenticationSettings, now: int) -> str:
    """Add an account; its address.

    Raises BadAddress, BadName, NoSuchDomain, AddressExists, TooManyAccounts, PasswordTooShort, PasswordTooLong.
    """
    wanted = msgspec.structs.replace(wanted, address=address_of(wanted.address), name=name_of(wanted.name))
    check_policy(wanted.password, settings)
    keys = await asyncio.to_thread(derive, wanted.password, settings)
    await store.write(accounts.add_account, new_account(wanted, keys), now)
    return wanted.address


def new_account(wanted: Wanted, keys: PasswordKeys) -> NewAccount:
    """What the core is told of an account whose address and name are canonical."""
    quota = None if wanted.quota is msgspec.UNSET else wanted.quota
    return NewAccount(wanted.address, wanted.name, keys, quota, unlimited=wanted.quota is None)


async def list_all(store: Store, domain: str | None) -> AsyncIterator[AccountShown]:
    """The accounts of a domain or of all, oldest first; raises BadDomain, NoSuchDomain."""
    wanted = await known_domain(store, domain)
    after = 0
    while True:
        page = await store.read(accounts.list_accounts, wanted, after, PAGE)
        for account in page:
            yield account
        if len(page) < PAGE:
            return
        after = page[-1].number


async def show(store: Store, address: str) -> AccountDetails:
    """One account; raises BadAddress, NoSuchAccount."""
    account = await store.read(accounts.show_account, address_of(address))
    addresses = await store.read(accounts.account_addresses, account.number)
    held = await store.read(read_credentials, account.number)
    return AccountDetails(account, addresses, {known.name: known.created for known in held.app_passwords})


async def change(store: Store, address: str, wanted: AccountChange) -> None:
    """Change name, status or quotas; raises BadAddress, BadName, NoSuchAccount."""
    if wanted.name is not msgspec.UNSET:
        wanted = msgspec.structs.replace(wanted, name=name_of(wanted.name))
    await store.write(accounts.change_account, address_of(address), wanted)


async def forward(store: Store, address: str, to: list[str], *, keeps: bool) -> None:
    """Pass its mail on to these and to no others, with `keeps` a copy staying; to none: end it.

    Raises BadAddress, NoSuchAccount, NotHere, LeadsToItself.
    """
    targets = [address_of(target) for target in to]
    await store.write(set_forwarding, address_of(address), targets, keeps)


async def delegate(store: Store, address: str, add: list[str], remove: list[str]) -> None:
    """Let others send in its name, or no more; raises BadAddress, NoSuchAccount, NotHere."""
    more, gone = [address_of(who) for who in add], [address_of(who) for who in remove]
    await store.write(change_delegates, address_of(address), more, gone)


async def sent(store: Store, address: str, now: int) -> int:
    """To how many recipients it has written today (UTC); raises BadAddress, NoSuchAccount."""
    account = await store.read(accounts.show_account, address_of(address))
    return await store.read(sent_today, account.number, now)


async def set_password(store: Store, address: str, password: str, settings: AuthenticationSettings) -> None:
    """Set the password; what workers remember of the old one is void at once.

    Raises BadAddress, NoSuchAccount, PasswordTooShort, PasswordTooLong.
    """
    canonical = address_of(address)
    check_policy(password, settings)
    keys = await asyncio.to_thread(derive, password, settings)
    await store.write(accounts.set_account_password, canonical, keys)


async def delete(store: Store, address: str, now: int) -> None:
    """Take the account away at once; what it holds is erased in the background. Raises BadAddress, NoSuchAccount."""
    await store.write(accounts.delete_account, address_of(address), now)


async def add_app_password(store: Store, address: str, name: str, settings: AuthenticationSettings, now: int) -> str:
    """Make a password for one program; it is told this once.

    Raises BadAddress, BadName, NoSuchAccount, AppPasswordExists, TooManyAppPasswords.
    """
    name = program_name_of(name)
    account = await store.read(accounts.show_account, address_of(address))
    password = new_app_password()
    digest = app_password_digest(password)
    await store.write(keep_app_password, account.number, name, digest, settings.app_passwords, now)
    return password


async def delete_app_password(store: Store, address: str, name: str) -> None:
    """Let it be used no more; raises BadAddress, BadName, NoSuchAccount, NoSuchAppPassword."""
    name = program_name_of(name)
    account = await store.read(accounts.show_account, address_of(address))
    await store.write(revoke_app_password, account.number, name)
