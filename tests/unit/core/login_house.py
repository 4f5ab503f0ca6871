"""Accounts to log in to, a clock that the test moves, and how often was hashed."""

from __future__ import annotations

import pytest

from posthouse.core.accounts.accounts import NewAccount, add_account
from posthouse.core.accounts.domains import add_domain
from posthouse.core.authentication import authenticator as module
from posthouse.core.authentication.authenticator import Authenticator, Login
from posthouse.core.authentication.credentials import Credentials, PasswordKeys, read_credentials
from posthouse.core.authentication.passwords import check, derive, derive_scram
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.core.registry import LocalRegistry
from posthouse.storage.contract import Store
from posthouse.storage.memory import MemoryStore

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
