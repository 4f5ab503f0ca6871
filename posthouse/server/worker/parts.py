"""What a worker's listeners are built from; the one place where contracts meet what fulfils them."""

from __future__ import annotations

from msgspec import Struct

from posthouse.core.bus import Bus, LocalBus
from posthouse.core.registry import Registry
from posthouse.server.briefing import WorkerBriefing
from posthouse.server.certificate import TlsContextFactory
from posthouse.server.configuration import Configuration
from posthouse.server.configuration.tree import places
from posthouse.server.hub.line import HubBus, HubRegistry, SupervisorLine
from posthouse.server.worker.counted_store import CountedStore
from posthouse.server.worker.metrics import Metrics
from posthouse.storage.contract import Store
from posthouse.storage.lmdb.remote import RemoteStore


class Parts(Struct):
    """All that an endpoint may be given."""

    configuration: Configuration
    store: Store
    remote: RemoteStore
    bus: Bus
    registry: Registry
    tls: TlsContextFactory
    line: SupervisorLine
    metrics: Metrics

    def close(self) -> None:
        """Let go of the store."""
        self.remote.close()


async def build_parts(briefed: WorkerBriefing, local: LocalBus, line: SupervisorLine, metrics: Metrics) -> Parts:
    """Build them; raises StoreUnavailable when no store process answers.

    What the store process announces goes straight to the bus of this worker: every worker hears it from there.
    """
    configuration = briefed.configuration
    where = places(configuration)
    remote = await RemoteStore.connect(where.store, where.store_socket, configuration.store, local)
    return Parts(
        configuration=configuration,
        store=CountedStore(remote, metrics),
        remote=remote,
        bus=HubBus(local, line),
        registry=HubRegistry(line),
        tls=TlsContextFactory(briefed.key_pair, configuration.tls),
        line=line,
        metrics=metrics,
    )
