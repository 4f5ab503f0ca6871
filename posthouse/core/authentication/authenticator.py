"""Checking logins: throttled by account and address, remembered for minutes, never telling a name from a password."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec
import structlog

from posthouse.core.accounts.lookup import AccountFound, find_login
from posthouse.core.authentication.credentials import (
    Credentials,
    PasswordKeys,
    ScramKeys,
    add_argon2,
    is_app_password,
    read_credentials,
)
from posthouse.core.authentication.errors import ActsAsAnother, LoginDisabled, TooManyFailures, WrongCredentials
from posthouse.core.authentication.nobody import salt_of_nobody, unfitting_keys
from posthouse.core.authentication.passwords import SALT_OCTETS, app_password_digest, check
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.core.authentication.standing import Grounds, are_unchanged, grounds_of, login_with_credentials
from posthouse.core.authentication.tokens import Tokens
from posthouse.core.registry import Registry
from posthouse.storage.contract import Store, StoreUnavailable

log = structlog.get_logger()

HASHES_AT_ONCE = 2


class Login(msgspec.Struct, frozen=True):
    """Who has logged in; `address` is the account's main one, `epoch` its credentials' at that time."""

    account: int
    address: str
    epoch: int


class Authenticator:
    """One worker's authenticator."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        settings: AuthenticationSettings,
        clock: Callable[[], float] = time.monotonic,
        tokens: Tokens | None = None,
    ) -> None:
        self._store = store
        self._registry = registry
        self.settings = settings
        self.tokens = tokens  # None where nobody logs in by them
        self._clock = clock
        self._executor = ThreadPoolExecutor(HASHES_AT_ONCE, thread_name_prefix="passwords")
        # what is remembered of a right password says nothing outside this process
        self._key = secrets.token_bytes(32)
        self._remembered: dict[bytes, tuple[int, float]] = {}

    async def check_password(self, name: str, password: str, peer_host: str) -> Login:
        """Who logs in by `name`, an address of the account, from `peer_host`.

        Raises WrongCredentials, LoginDisabled, TooManyFailures, StoreUnavailable.
        """
        found, credentials = await self._store.read(login_with_credentials, name)
        if len(password.encode()) > self.settings.password_octets:
            raise WrongCredentials
        if found is not None and self._is_remembered(found.account, password, credentials.version):
            return self.admit(found, credentials.epoch)
        await self.check_throttle(found, peer_host)
        if not await self._is_right(found, credentials, password) or found is None:
            await self.count_failure(found, peer_host)
            raise WrongCredentials
        self._remember(found.account, password, credentials.version)
        return self.admit(found, credentials.epoch)

    async def grounds(self, login: Login, held: Grounds | None) -> Grounds | None:
        """What a login stands by, as it was `held` where nothing of that has changed; None when it stands no more."""
        if held is not None and await self._store.read(are_unchanged, held.keys, held.values):
            return held
        return await self._store.read(grounds_of, login.account, login.epoch)

    def mark(self, secret: str) -> bytes:
        """What a secret is known again by in this process; it says nothing outside."""
        return hashlib.blake2b(secret.encode(), key=self._key, digest_size=32).digest()

    async def find(self, name: str) -> AccountFound | None:
        """The account that somebody means by a login name."""
        return await self._store.read(find_login, name)

    async def check_acts_as(self, account: int, name: str) -> None:
        """Raises ActsAsAnother unless `name` is one of the account's own."""
        found = await self.find(name)
        if found is None or found.account != account:
            raise ActsAsAnother

    async def credentials(self, account: int) -> Credentials:
        """The account's credentials."""
        return await self._store.read(read_credentials, account)

    def admit(self, found: AccountFound, epoch: int) -> Login:
        """The login of one who was right about credentials of this `epoch`; raises LoginDisabled."""
        if found.status != "enabled":
            raise LoginDisabled(found.status)
        return Login(found.account, found.address, epoch)

    async def check_throttle(self, found: AccountFound | None, peer_host: str) -> None:
        """Raises TooManyFailures while the account or the peer's network is locked out."""
        for key, limit in self._counters(found, peer_host):
            if await self._registry.hits(key) >= limit:
                raise TooManyFailures(self.settings.failure_window_seconds)

    async def count_failure(self, found: AccountFound | None, peer_host: str) -> None:
        """Remember a failed login."""
        log.info("login failed", peer=peer_host, account=None if found is None else found.account)
        for key, _ in self._counters(found, peer_host):
            await self._registry.hit(key, self.settings.failure_window_seconds)

    async def nobodys_keys(self, name: str) -> ScramKeys:
        """Keys that nothing fits, for a name that has none; with the same salt each time, as real ones."""
        return unfitting_keys(await salt_of_nobody(self._store, name), self.settings.scram_iterations)

    def _counters(self, found: AccountFound | None, peer_host: str) -> list[tuple[str, int]]:
        counters = [(f"login failures of {network(peer_host)}", self.settings.failures_per_address)]
        if found is not None:
            counters.append((f"login failures to {found.account}", self.settings.failures_per_account))
        return counters

    async def _is_right(self, found: AccountFound | None, credentials: Credentials, password: str) -> bool:
        if is_app_password(credentials, app_password_digest(password)):
            return True
        # as long as it takes for somebody: the time must not tell who exists
        keys = credentials.password or PasswordKeys(
            None, unfitting_keys(secrets.token_bytes(SALT_OCTETS), self.settings.scram_iterations)
        )
        loop = asyncio.get_running_loop()
        hashed = await loop.run_in_executor(self._executor, check, keys, password, self.settings)
        if hashed is not None and hashed != keys.argon2 and found is not None:
            await self._keep_argon2(found.account, credentials.version, hashed)
        return hashed is not None

    async def _keep_argon2(self, account: int, version: int, hashed: str) -> None:
        try:
            await self._store.write(add_argon2, account, version, hashed)
        except StoreUnavailable as error:
            # to be let in takes no write; the next login brings the hash again
            log.warning("the password's hash was not kept", account=account, error=str(error))

    def _is_remembered(self, account: int, password: str, version: int) -> bool:
        known, ends = self._remembered.get(self._mark(account, password), (-1, 0.0))
        return known == version and ends > self._clock()

    def _remember(self, account: int, password: str, version: int) -> None:
        if not self.settings.remember_login_seconds or not self.settings.remembered_logins:
            return
        while len(self._remembered) >= self.settings.remembered_logins:
            del self._remembered[next(iter(self._remembered))]
        mark = self._mark(account, password)
        self._remembered.pop(mark, None)
        self._remembered[mark] = (version, self._clock() + self.settings.remember_login_seconds)

    def _mark(self, account: int, password: str) -> bytes:
        # keyed, and looked up by its whole: comparing it takes no secret's time
        return hashlib.blake2b(b"%d\0" % account + password.encode(), key=self._key, digest_size=32).digest()


def network(host: str) -> str:
    """What counts as one peer: an IPv4 address, or an IPv6 /64, since one host has all of that."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
