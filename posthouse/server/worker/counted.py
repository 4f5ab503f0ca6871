"""Store and authenticator as a worker's parts see them: writes are timed, deliveries and logins counted."""

from __future__ import annotations

import time
from typing import ParamSpec, TypeVar, cast

from posthouse.core.accounts.lookup import AccountFound
from posthouse.core.authentication.authenticator import Authenticator, Login
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.core.delivery.deliver import Receipt, deliver, deliver_to_all
from posthouse.core.registry import Registry
from posthouse.server.worker.metrics import Metrics
from posthouse.storage.contract import Operation, Store, StoreUnavailable, WriteTransaction

P = ParamSpec("P")
R = TypeVar("R")


class CountedStore:
    """Passes everything on."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics
        self.read = store.read

    async def write(self, operation: Operation[WriteTransaction, P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        begun = time.perf_counter()
        try:
            result = await self._store.write(operation, *args, **kwargs)
        except StoreUnavailable:
            self._metrics.writes_failed.inc()
            raise
        finally:
            self._metrics.write_seconds.observe(time.perf_counter() - begun)
        ran: object = operation
        if ran is deliver:
            self._count(cast(list[Receipt], result))
        elif ran is deliver_to_all:
            self._metrics.delivered.inc(cast(int, result))
        return result

    def _count(self, receipts: list[Receipt]) -> None:
        delivered = sum(receipt.reason is None for receipt in receipts)
        self._metrics.delivered.inc(delivered)
        if delivered < len(receipts):
            self._metrics.undelivered.inc(len(receipts) - delivered)


class CountedAuthenticator(Authenticator):
    """Counts who was let in and who was not, by whichever mechanism."""

    def __init__(self, store: Store, registry: Registry, settings: AuthenticationSettings, metrics: Metrics) -> None:
        super().__init__(store, registry, settings)
        self._right = metrics.logins.labels("right")
        self._wrong = metrics.logins.labels("wrong")

    def admit(self, found: AccountFound, epoch: int) -> Login:
        login = super().admit(found, epoch)
        self._right.inc()
        return login

    async def count_failure(self, found: AccountFound | None, peer_host: str) -> None:
        self._wrong.inc()
        await super().count_failure(found, peer_host)
