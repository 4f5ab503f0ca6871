"""A connection that goes on by the same password: who asks is known again, for as long as he would be let in."""

from __future__ import annotations

import base64

import msgspec
import pytest

from posthouse.core.accounts.accounts import AccountChange, NewAccount, add_account, change_account
from posthouse.core.accounts.domains import DomainChange, add_domain, change_domain
from posthouse.core.authentication.authenticator import Authenticator, Login
from posthouse.core.authentication.credentials import add_app_password, revoke_app_password, set_password
from posthouse.core.authentication.passwords import derive
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.core.bus import LocalBus
from posthouse.core.peer import Peer
from posthouse.core.registry import LocalRegistry
from posthouse.storage.memory import MemoryStore
from posthouse.webdav.http.authentication import login_of
from posthouse.webdav.http.body import Body
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Kept, Request
from tests.unit.http.test_answers import Nobody

ANN = "ann@example.org"
WEAK = AuthenticationSettings(argon2_memory_kibibytes=8, argon2_passes=1, scram_iterations=4096)


class Counting(Authenticator):
    checked = 0

    async def check_password(self, name: str, password: str, peer_host: str) -> Login:
        self.checked += 1
        return await super().check_password(name, password, peer_host)


class Door:
    """One connection to a server where Ann's password is "secret"."""

    def __init__(self) -> None:
        self.store = MemoryStore(LocalBus())
        self.settings = WEAK
        self.kept = Kept()

    async def open(self) -> Door:
        await self.store.write(add_domain, "example.org", None, 1)
        self.account = await self.store.write(add_account, NewAccount(ANN, "", None, None), 1)
        await self.store.write(set_password, self.account, derive("secret", WEAK))
        self.authenticator = Counting(self.store, LocalRegistry(), self.settings)
        return self

    async def ask(self, password: str = "secret", name: str = ANN) -> int:
        """The account; raises HttpError."""
        field = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
        request = Request(
            "GET", "/", (), True, {}, {"authorization": field}, Peer("127.0.0.1", 1, tls=False), Body(0, Nobody()),
            self.kept,
        )  # fmt: skip
        return (await login_of(request, self.authenticator)).account


async def test_the_password_is_looked_at_once() -> None:
    door = await Door().open()
    assert [await door.ask() for _ in range(3)] == [door.account] * 3
    assert door.authenticator.checked == 1
    assert b"secret" not in door.kept.mark


async def test_another_password_is_another_login() -> None:
    door = await Door().open()
    await door.ask()
    for password, name in (("wrong", ANN), ("secret", "bob@example.org")):
        with pytest.raises(HttpError) as refused:
            await door.ask(password, name)
        assert refused.value.status == 401
    assert await door.ask() == door.account


async def test_a_new_password_ends_it_at_once() -> None:
    door = await Door().open()
    await door.ask()
    await door.store.write(set_password, door.account, derive("other", WEAK))
    with pytest.raises(HttpError) as refused:
        await door.ask()
    assert refused.value.status == 401
    assert await door.ask("other") == door.account


async def test_so_does_a_lock() -> None:
    door = await Door().open()
    await door.ask()
    await door.store.write(change_account, ANN, AccountChange(status="locked"))
    with pytest.raises(HttpError) as refused:
        await door.ask()
    assert refused.value.status == 403


@pytest.mark.parametrize(("change", "status"), [("password", 401), ("lock", 403), ("domain", 403)])
async def test_and_so_it_is_for_one_who_was_looked_at_often(change: str, status: int) -> None:
    door = await Door().open()
    for _ in range(4):
        await door.ask()
    match change:
        case "password":
            await door.store.write(set_password, door.account, derive("other", WEAK))
        case "lock":
            await door.store.write(change_account, ANN, AccountChange(status="locked"))
        case _:
            await door.store.write(change_domain, "example.org", DomainChange(enabled=False))
    for _ in range(2):
        with pytest.raises(HttpError) as refused:
            await door.ask()
        assert refused.value.status == status


async def test_a_revoked_password_has_the_others_looked_at_anew() -> None:
    door = await Door().open()
    await door.store.write(add_app_password, door.account, "phone", b"digest", 5, 1)
    for _ in range(4):
        await door.ask()
    await door.store.write(revoke_app_password, door.account, "phone")
    assert await door.ask() == door.account
    assert door.authenticator.checked == 2


async def test_what_changes_nothing_for_a_login_does_not_end_it() -> None:
    door = await Door().open()
    await door.ask()
    await door.ask()
    await door.store.write(change_account, ANN, AccountChange(name="Ann"))
    await door.store.write(add_app_password, door.account, "phone", b"digest", 5, 1)
    assert [await door.ask() for _ in range(2)] == [door.account] * 2
    assert door.authenticator.checked == 1


async def test_it_is_forgotten_after_a_while() -> None:
    door = await Door().open()
    await door.ask()
    door.kept.until = 0.0
    await door.ask()
    assert door.authenticator.checked == 2


async def test_nothing_is_kept_where_nothing_shall_be_remembered() -> None:
    door = Door()
    door.settings = msgspec.structs.replace(WEAK, remember_login_seconds=0)
    await door.open()
    await door.ask()
    await door.ask()
    assert door.authenticator.checked == 2
