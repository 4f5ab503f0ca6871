"""Accounts as an operator sees them: found again page by page, with all that leads to them and lets one in."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from posthouse.admin import account, alias, domain
from posthouse.admin.account import PAGE, Wanted
from posthouse.admin.names import BadName
from posthouse.core.accounts.accounts import AccountChange, NewAccount, add_accounts
from posthouse.core.accounts.domains import DomainChange
from posthouse.core.accounts.errors import NoSuchAccount, NoSuchDomain
from posthouse.core.authentication.credentials import is_app_password, read_credentials
from posthouse.core.authentication.passwords import PasswordTooShort, app_password_digest, check
from posthouse.storage.contract import Store
from posthouse.storage.memory import MemoryStore
from tests.unit.imap.world import AUTHENTICATION, NOW

ANN = "ann@example.org"


async def opened() -> Store:
    store = MemoryStore()
    await domain.add(store, "example.org", None, NOW)
    await account.add(store, Wanted("ann@Example.ORG", " Ann ", "long enough"), AUTHENTICATION, NOW)
    return store


async def test_all_that_leads_to_an_account() -> None:
    store = await opened()
    await alias.add(store, "info@example.org", [ANN])
    await account.add_app_password(store, ANN, "phone", AUTHENTICATION, NOW)
    found = await account.show(store, "ANN@example.org")
    assert (found.account.address, found.account.name, found.account.created) == (ANN, "Ann", NOW)
    assert (found.addresses, found.app_passwords) == ([ANN, "info@example.org"], {"phone": NOW})


async def test_lists_have_every_page() -> None:
    store = await opened()
    await domain.add(store, "b.example", None, NOW)
    many = [NewAccount(f"u{number}@b.example", "", None, None) for number in range(PAGE + 1)]
    await store.write(add_accounts, many, NOW)
    listed = [found.address async for found in account.list_all(store, None)]
    assert listed == [ANN, *(new.address for new in many)]
    assert [found.address async for found in account.list_all(store, "B.example")] == listed[1:]
    assert [found.address async for found in account.list_all(store, "example.org")] == [ANN]
    with pytest.raises(NoSuchDomain):
        [found async for found in account.list_all(store, "c.example")]


async def test_a_new_password_takes_the_place_of_the_old_one() -> None:
    store = await opened()
    before = await store.read(read_credentials, 1)
    await account.set_password(store, ANN, "another one", AUTHENTICATION)
    after = await store.read(read_credentials, 1)
    assert after.version > before.version  # what is remembered of the old one is void
    assert after.password is not None
    assert after.password.argon2 is not None
    assert check(after.password, "another one", AUTHENTICATION) == after.password.argon2
    assert check(after.password, "long enough", AUTHENTICATION) is None
    with pytest.raises(PasswordTooShort):
        await account.set_password(store, ANN, "short", AUTHENTICATION)
    assert await store.read(read_credentials, 1) == after


async def test_app_passwords() -> None:
    store = await opened()
    made = await account.add_app_password(store, ANN, "phone", AUTHENTICATION, NOW)
    assert is_app_password(await store.read(read_credentials, 1), app_password_digest(made))
    await account.delete_app_password(store, ANN, "phone")
    assert not is_app_password(await store.read(read_credentials, 1), app_password_digest(made))


@pytest.mark.parametrize(("given", "kept"), [(UNSET, 7), (None, None), (9, 9)])
async def test_quotas_of_new_accounts(given: int | None, kept: int | None) -> None:
    store = await opened()
    await domain.change(store, "example.org", DomainChange(account_quota_octets=7))
    await account.add(store, Wanted("bob@example.org", "", "long enough", given), AUTHENTICATION, NOW)
    assert (await account.show(store, "bob@example.org")).account.quota_octets == kept


async def test_what_is_not_given_stays() -> None:
    store = await opened()
    await account.change(store, ANN, AccountChange(quota_messages=5))
    await account.change(store, ANN, AccountChange(status="locked"))
    with pytest.raises(BadName):
        await account.change(store, ANN, AccountChange(name="Ann\nAsh"))
    shown = (await account.show(store, ANN)).account
    assert (shown.name, shown.status, shown.quota_messages) == ("Ann", "locked", 5)
    await account.delete(store, ANN, NOW)
    with pytest.raises(NoSuchAccount):
        await account.show(store, ANN)
