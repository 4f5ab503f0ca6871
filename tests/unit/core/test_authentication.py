"""Passwords, SCRAM, throttling and what is remembered of a login."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any, Literal

import argon2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.core.accounts.accounts import AccountChange, NewAccount, add_account, change_account
from posthouse.core.accounts.domains import add_domain
from posthouse.core.authentication import authenticator as module
from posthouse.core.authentication import passwords as primitives
from posthouse.core.authentication.authenticator import Authenticator, Login, network
from posthouse.core.authentication.credentials import (
    AppPasswordExists,
    Credentials,
    NoSuchAppPassword,
    PasswordKeys,
    TooManyAppPasswords,
    add_app_password,
    add_argon2,
    read_credentials,
    revoke_app_password,
    set_password,
)
from posthouse.core.authentication.errors import (
    AuthenticationRefused,
    BadExchange,
    LoginDisabled,
    TooManyFailures,
    WrongCredentials,
)
from posthouse.core.authentication.passwords import (
    app_password_digest,
    check,
    derive,
    derive_scram,
    new_app_password,
    scram_keys,
)
from posthouse.core.authentication.sasl import MECHANISMS, Challenge, Done, mechanisms, start
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.core.registry import LocalRegistry
from posthouse.storage.contract import Store, StoreUnavailable
from posthouse.storage.memory import MemoryStore
from tests.conftest import LOOP
from tests.tokens import SomeTokens

NOW = 1_790_000_000_000
WEAK = AuthenticationSettings(
    argon2_memory_kibibytes=8, argon2_passes=1, scram_iterations=4096, failures_per_account=3, failures_per_address=5
)


class Clock:
    """Time that tests move."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class House:
    """A store with ann, an authenticator, and how often argon2 was asked."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch | None = None) -> None:
        self.store = store
        self.clock = Clock()
        self.authenticator = Authenticator(store, LocalRegistry(clock=self.clock), WEAK, self.clock)
        self.hashed = 0
        if monkeypatch is not None:
            monkeypatch.setattr(module, "check", self.count)

    def count(self, keys: PasswordKeys, password: str, settings: AuthenticationSettings) -> str | None:
        self.hashed += 1
        return check(keys, password, settings)

    async def furnish(self) -> None:
        await self.store.write(add_domain, "example.org", None, NOW)
        await self.store.write(add_account, NewAccount("ann@example.org", "", derive("secret", WEAK), None), NOW)

    async def import_ivy(self) -> None:
        """An account as an import leaves it."""
        await self.store.write(add_account, NewAccount("ivy@example.org", "", derive_scram("secret", WEAK), None), NOW)

    async def credentials(self, account: int) -> Credentials:
        return await self.store.read(read_credentials, account)

    async def check(self, password: str, name: str = "ann@example.org", host: str = "192.0.2.1") -> Login:
        return await self.authenticator.check_password(name, password, host)


async def furnished(monkeypatch: pytest.MonkeyPatch) -> House:
    made = House(MemoryStore(), monkeypatch)
    await made.furnish()
    return made


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


def test_scram_keys_are_those_of_rfc_7677() -> None:
    keys = scram_keys(b"pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096)
    message = (
        b"n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    signature = hmac.digest(keys.server_key, message, "sha256")
    assert base64.b64encode(signature) == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def client_final(password: bytes, first_bare: bytes, server_first: bytes) -> bytes:
    """What a SCRAM client answers; RFC 5802 3."""
    fields = dict(part.split(b"=", 1) for part in server_first.split(b","))
    salted = hashlib.pbkdf2_hmac("sha256", password, base64.b64decode(fields[b"s"]), int(fields[b"i"]))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    without_proof = b"c=biws,r=" + fields[b"r"]
    message = first_bare + b"," + server_first + b"," + without_proof
    signature = hmac.digest(hashlib.sha256(client_key).digest(), message, "sha256")
    proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
    return without_proof + b",p=" + base64.b64encode(proof)


@pytest.mark.parametrize(
    ("name", "password", "right"),
    [("ann@example.org", b"secret", True), ("ann@example.org", b"wrong", False), ("nobody@x.org", b"secret", False)],
)
async def test_scram(monkeypatch: pytest.MonkeyPatch, name: str, password: bytes, right: bool) -> None:
    house = await furnished(monkeypatch)
    mechanism = start("SCRAM-SHA-256", house.authenticator, "192.0.2.1")
    bare = b"n=" + name.encode() + b",r=abcdef"
    first = await mechanism.step(b"n,," + bare)
    assert isinstance(first, Challenge)
    final = client_final(password, bare, first.challenge)
    if not right:
        with pytest.raises(WrongCredentials):
            await mechanism.step(final)
        return
    proved = await mechanism.step(final)
    assert isinstance(proved, Challenge)
    assert proved.challenge.startswith(b"v=")
    assert await mechanism.step(b"") == Done(Login(1, "ann@example.org", 1))
    assert house.hashed == 0


async def salt_of(authenticator: Authenticator, name: str) -> bytes:
    first = await start("SCRAM-SHA-256", authenticator, "192.0.2.1").step(b"n,,n=" + name.encode() + b",r=abcdef")
    assert isinstance(first, Challenge)
    return dict(part.split(b"=", 1) for part in first.challenge.split(b","))[b"s"]


async def test_a_name_that_is_nobodys_has_one_salt_as_a_real_one_has(store: Store) -> None:
    house = House(store)
    await house.furnish()
    await store.write(add_domain, "example.net", "example.org", NOW)
    other_worker = Authenticator(store, LocalRegistry(), WEAK)
    salts = {}
    for who in ("ann", "nobody"):
        written = (who, f"{who}@example.org", f"{who.upper()}@Example.NET")
        found = {await salt_of(asked, name) for name in written for asked in (house.authenticator, other_worker)}
        assert len(found) == 1, who
        salts[who] = found
    assert salts["ann"] != salts["nobody"]
    assert await salt_of(other_worker, "no@body@") == await salt_of(house.authenticator, "no@body@")


async def test_plain_and_login(monkeypatch: pytest.MonkeyPatch) -> None:
    house = await furnished(monkeypatch)
    plain = start("plain", house.authenticator, "h")
    assert await plain.step(None) == Challenge(b"")
    assert await plain.step(b"\0ann@example.org\0secret") == Done(Login(1, "ann@example.org", 1))
    with pytest.raises(WrongCredentials):
        await start("PLAIN", house.authenticator, "h").step(b"bob@example.org\0ann@example.org\0secret")
    login = start("LOGIN", house.authenticator, "h")
    assert await login.step(None) == Challenge(b"Username:")
    assert await login.step(b"ann@example.org") == Challenge(b"Password:")
    assert await login.step(b"secret") == Done(Login(1, "ann@example.org", 1))
    with pytest.raises(BadExchange):
        start("NTLM", house.authenticator, "h")


@given(
    st.sampled_from(list(MECHANISMS)),
    st.lists(st.binary(max_size=60), max_size=4),
)
def test_no_response_breaks_a_mechanism(name: str, responses: list[bytes]) -> None:
    async def exchange() -> None:
        mechanism = start(name, Authenticator(MemoryStore(), LocalRegistry(), WEAK, tokens=SomeTokens()), "h")
        for response in responses:
            try:
                await mechanism.step(response)
            except AuthenticationRefused:
                return

    LOOP.run_until_complete(exchange())


def test_networks() -> None:
    assert network("192.0.2.1") == "192.0.2.1"
    assert network("::ffff:192.0.2.1") == "192.0.2.1"
    assert network("2001:db8::1") == network("2001:db8::ffff:1") == "2001:db8::/64"
    assert network("fe80::1%eth0") == "fe80::/64"


# Bearer tokens


@pytest.mark.parametrize("name", ["OAUTHBEARER", "XOAUTH2"])
async def test_tokens_let_in_and_failures_count(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    house = await furnished(monkeypatch)
    authenticator = Authenticator(house.store, LocalRegistry(), WEAK, tokens=OneToken())
    say = {
        "OAUTHBEARER": b"n,a=%b,\x01auth=Bearer %b\x01\x01",
        "XOAUTH2": b"user=%b\x01auth=Bearer %b\x01\x01",
    }[name]
    done = await start(name, authenticator, "h").step(say % (b"ann@example.org", b"good"))
    assert isinstance(done, Done)
    assert done.login.address == "ann@example.org"
    for _ in range(WEAK.failures_per_account):
        mechanism = start(name, authenticator, "h")
        assert isinstance(await mechanism.step(say % (b"ann@example.org", b"stale")), Challenge)
        with pytest.raises(WrongCredentials):
            await mechanism.step(b"\x01")
    with pytest.raises(TooManyFailures):
        await start(name, authenticator, "h").step(say % (b"ann@example.org", b"good"))


class OneToken:
    scope = discovery = ""

    async def login_name(self, token: str) -> str | None:
        return "ann@example.org" if token == "good" else None


def test_tokens_are_offered_where_they_are_taken_and_nobody_listens() -> None:
    assert "OAUTHBEARER" in mechanisms(clear=True, bound=False, tokens=True)
    assert not set(mechanisms(clear=False, bound=False, tokens=True)) & {"OAUTHBEARER", "XOAUTH2"}
    assert not set(mechanisms(clear=True, bound=True, tokens=False)) & {"OAUTHBEARER", "XOAUTH2"}
