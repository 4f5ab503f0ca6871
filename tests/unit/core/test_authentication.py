"""Passwords, throttling and what is remembered of a login."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import argon2
import pytest

from posthouse.core.accounts.accounts import AccountChange, NewAccount, add_account, change_account
from posthouse.core.authentication import passwords as primitives
from posthouse.core.authentication.authenticator import Login, network
from posthouse.core.authentication.credentials import (
    AppPasswordExists,
    Credentials,
    NoSuchAppPassword,
    TooManyAppPasswords,
    add_app_password,
    add_argon2,
    revoke_app_password,
    set_password,
)
from posthouse.core.authentication.errors import LoginDisabled, TooManyFailures, WrongCredentials
from posthouse.core.authentication.passwords import app_password_digest, check, derive, derive_scram, new_app_password
from posthouse.storage.contract import Store, StoreUnavailable
from posthouse.storage.memory import MemoryStore
from tests.unit.core.login_house import NOW, WEAK, House, furnished


async def test_a_right_password_costs_argon2_once(monkeypatch: pytest.MonkeyPatch) -> None:
    house = await furnished(monkeypatch)
    for _ in range(3):
        assert await house.check("secret") == Login(1, "ann@example.org", 1)
    assert house.hashed == 1
    house.clock.now += WEAK.remember_login_seconds + 1
    await house.check("secret")
    assert house.hashed == 2


async def test_a_changed_password_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    house = await furnished(monkeypatch)
    await house.check("secret")
    await house.store.write(set_password, 1, derive("other", WEAK))
    with pytest.raises(WrongCredentials):
        await house.check("secret")
    assert await house.check("other")


async def test_an_unknown_name_costs_as_much_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    house = await furnished(monkeypatch)
    for name in ("nobody@example.org", "ann@example.org"):
        with pytest.raises(WrongCredentials):
            await house.check("wrong", name)
    assert house.hashed == 2


async def test_a_wrong_password_is_the_same_work_whoever_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    house = await furnished(monkeypatch)
    await house.import_ivy()
    await house.store.write(add_account, NewAccount("new@example.org", "", None, None), NOW)
    done: list[tuple[str, int]] = []
    derive_key = hashlib.pbkdf2_hmac

    def counted_key(name: str, password: bytes, salt: bytes, iterations: int) -> bytes:
        done.append(("scram", iterations))
        return derive_key(name, password, salt, iterations)

    class Counted(argon2.PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            done.append(("argon2", self.memory_cost * self.time_cost))
            return super().hash(password, salt=salt)

        def verify(self, hashed: str | bytes, password: str | bytes) -> Literal[True]:
            costs = argon2.extract_parameters(str(hashed))
            done.append(("argon2", costs.memory_cost * costs.time_cost))
            return super().verify(hashed, password)

    monkeypatch.setattr(primitives.hashlib, "pbkdf2_hmac", counted_key)
    monkeypatch.setattr(primitives.argon2, "PasswordHasher", Counted)
    work = {}
    for name in ("nobody", "ann", "ivy", "new"):
        done.clear()
        with pytest.raises(WrongCredentials):
            await house.check("wrong", f"{name}@example.org")
        work[name] = list(done)
    assert set(map(tuple, work.values())) == {(("scram", 4096), ("argon2", 8))}, work


async def test_an_imported_password_gets_its_argon2_hash_at_the_first_right_login(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = await furnished(monkeypatch)
    await house.import_ivy()
    before = await house.credentials(2)
    with pytest.raises(WrongCredentials):
        await house.check("wrong", "ivy@example.org")
    assert await house.credentials(2) == before
    login = await house.check("secret", "ivy@example.org")
    after = await house.credentials(2)
    assert before.password is not None
    assert after.password is not None
    assert check(after.password, "secret", WEAK) == after.password.argon2
    assert check(after.password, "wrong", WEAK) is None
    assert after.password.scram == before.password.scram
    # nothing else has changed: sessions stay, and what is remembered is right
    assert (after.version, after.epoch) == (before.version, before.epoch)
    assert await house.check("secret", "ivy@example.org") == login
    assert house.hashed == 2
    house.clock.now += WEAK.remember_login_seconds + 1
    assert await house.check("secret", "ivy@example.org") == login
    assert await house.credentials(2) == after


async def test_a_hash_is_not_added_to_other_credentials(store: Store) -> None:
    house = House(store)
    await house.furnish()
    await house.import_ivy()
    old = await house.credentials(2)
    await store.write(set_password, 2, derive_scram("another", WEAK))
    moved = await house.credentials(2)
    await store.write(add_argon2, 2, old.version, "hash of the old one")
    assert await house.credentials(2) == moved
    await store.write(add_argon2, 2, moved.version, "first")
    await store.write(add_argon2, 2, moved.version, "second")
    kept = (await house.credentials(2)).password
    assert kept is not None
    assert kept.argon2 == "first"
    await store.write(add_argon2, 99, 0, "of nobody")
    assert await house.credentials(99) == Credentials()


async def test_a_store_that_takes_no_writes_keeps_nobody_out() -> None:
    class Full(MemoryStore):
        full = False

        async def write(self, operation: Any, *args: Any, **kwargs: Any) -> Any:
            if self.full:
                raise StoreUnavailable("disk full")
            return await super().write(operation, *args, **kwargs)

    full = Full()
    house = House(full)
    await house.furnish()
    await house.import_ivy()
    full.full = True
    assert await house.check("secret", "ivy@example.org")


async def test_failures_lock_an_account_out_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    house = await furnished(monkeypatch)
    for number in range(3):
        with pytest.raises(WrongCredentials):
            await house.check("wrong", host=f"192.0.2.{number}")
    with pytest.raises(TooManyFailures):
        await house.check("secret", host="192.0.2.99")
    house.clock.now += WEAK.failure_window_seconds + 1
    assert await house.check("secret")


async def test_failures_lock_an_address_out(monkeypatch: pytest.MonkeyPatch) -> None:
    house = await furnished(monkeypatch)
    for number in range(5):
        with pytest.raises(WrongCredentials):
            await house.check("wrong", f"nobody{number}@example.org", "2001:db8::1")
    with pytest.raises(TooManyFailures):
        await house.check("secret", host="2001:db8::2")
    assert await house.check("secret", host="2001:db8:0:1::1")


async def test_disabled_and_locked_are_told_to_who_knows_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    house = await furnished(monkeypatch)
    await house.check("secret")
    await house.store.write(change_account, "ann@example.org", AccountChange(status="locked"))
    with pytest.raises(LoginDisabled):
        await house.check("secret")


async def test_app_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    house = await furnished(monkeypatch)
    made = new_app_password()
    await house.store.write(add_app_password, 1, "phone", app_password_digest(made), 1, NOW)
    assert await house.check(made)
    assert await house.check(made.replace("-", " ").upper())
    assert house.hashed == 0
    with pytest.raises(AppPasswordExists):
        await house.store.write(add_app_password, 1, "phone", b"", 9, NOW)
    with pytest.raises(TooManyAppPasswords):
        await house.store.write(add_app_password, 1, "tablet", b"", 1, NOW)
    await house.store.write(revoke_app_password, 1, "phone")
    with pytest.raises(WrongCredentials):
        await house.check(made)
    with pytest.raises(NoSuchAppPassword):
        await house.store.write(revoke_app_password, 1, "phone")


async def test_an_endless_password_is_not_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    house = await furnished(monkeypatch)
    with pytest.raises(WrongCredentials):
        await house.check("x" * 2000)
    assert house.hashed == 0


def test_networks() -> None:
    assert network("192.0.2.1") == "192.0.2.1"
    assert network("::ffff:192.0.2.1") == "192.0.2.1"
    assert network("2001:db8::1") == network("2001:db8::ffff:1") == "2001:db8::/64"
    assert network("fe80::1%eth0") == "fe80::/64"
