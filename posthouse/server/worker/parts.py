"""What a worker's listeners are built from; the one place where contracts meet what fulfils them."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from posthouse.core.authentication.authenticator import Authenticator
from posthouse.core.bus import Bus, LocalBus
from posthouse.core.files.thumbnails import Thumbnails
from posthouse.core.mail.letters import BlobLetters, Letters
from posthouse.core.registry import Registry
from posthouse.core.search.contract import NoIndex, TextSearch
from posthouse.core.search.index import Index
from posthouse.core.search.searcher import IndexSearch
from posthouse.core.trace.journal import Journal
from posthouse.server.briefing import WorkerBriefing
from posthouse.server.certificate import TlsContextFactory
from posthouse.server.configuration import Configuration
from posthouse.server.configuration.tree import places
from posthouse.server.hub.line import HubBus, HubRegistry, SupervisorLine
from posthouse.server.indexer.folder import index_directory, texts_directory
from posthouse.server.worker.counted import CountedAuthenticator, CountedStore
from posthouse.server.worker.metrics import Metrics
from posthouse.server.worker.thumbnails import ProcessThumbnails
from posthouse.storage.blobs.files import FileBlobs
from posthouse.storage.contract import Store
from posthouse.storage.lmdb.readonly import ReadOnlyStore
from posthouse.storage.lmdb.remote import RemoteStore
from posthouse.storage.settings import StoreSettings


class Parts(Struct):
    """All that an endpoint may be given."""

    configuration: Configuration
    hostname: str
    process: str
    remote: RemoteStore
    store: Store
    blobs: FileBlobs
    letters: Letters
    authenticator: Authenticator
    bus: Bus
    registry: Registry
    tls: TlsContextFactory
    line: SupervisorLine
    metrics: Metrics
    journal: Journal
    search: TextSearch
    thumbnails: Thumbnails

    def close(self) -> None:
        """Let go of the store."""
        self.remote.close()
        self.blobs.close()

    def offers_tls(self, listener: str) -> TlsContextFactory | None:
        """What a listener's STARTTLS uses; None when it offers none."""
        return self.tls if getattr(self.configuration.listeners, listener).tls == "starttls" else None

    def is_implicit_tls(self, listener: str) -> bool:
        """True when a listener speaks TLS from the first byte."""
        return bool(getattr(self.configuration.listeners, listener).tls == "implicit")


async def build_parts(briefed: WorkerBriefing, local: LocalBus, line: SupervisorLine, metrics: Metrics) -> Parts:
    """Build them; raises StoreUnavailable when no store process answers.

    What the store process announces goes straight to the bus of this worker: every worker hears it from there.
    """
    configuration = briefed.configuration
    where = places(configuration)
    remote = await RemoteStore.connect(where.store, where.store_socket, configuration.store, local)
    store = CountedStore(remote, metrics)
    registry = HubRegistry(line)
    blobs = FileBlobs(where.blobs, configuration.blobs)
    return Parts(
        configuration=configuration,
        hostname=configuration.server.hostname or socket.getfqdn(),
        process=f"worker {briefed.slot}",
        remote=remote,
        store=store,
        blobs=blobs,
        letters=BlobLetters(blobs, configuration.mime),
        authenticator=CountedAuthenticator(store, registry, configuration.authentication, metrics),
        bus=HubBus(local, line),
        registry=registry,
        tls=TlsContextFactory(briefed.key_pair, configuration.tls),
        line=line,
        metrics=metrics,
        journal=Journal(store, configuration.trace),
        search=_search(store, configuration),
        thumbnails=ProcessThumbnails(where.thumbnails, store, blobs, configuration.thumbnails),
    )


def _search(store: Store, configuration: Configuration) -> TextSearch:
    if not configuration.search.enabled:
        return NoIndex()
    where = places(configuration).search
    return IndexSearch(
        store,
        ReadOnlyStore(texts_directory(where), StoreSettings()),
        lambda: Index(index_directory(where), configuration.search.language),
        ThreadPoolExecutor(1, thread_name_prefix="search"),
    )
