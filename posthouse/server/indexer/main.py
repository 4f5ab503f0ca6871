"""The indexer's life: build its parts, follow the accounts, end when it is told to or the supervisor is gone."""
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import asyncio
import os
import socket
import time
from typing import Any, NoReturn, cast

import structlog
import uvloop
from twisted.internet import asyncioreactor

from posthouse.core.bus import LocalBus
from posthouse.core.search.index import PANIC, IndexBroken
from posthouse.core.search.indexer import Indexer, Notices
from posthouse.core.search.lull import Lull
from posthouse.core.search.reading import MessageReader
from posthouse.server.briefing import IndexerBriefing, decode_briefing
from posthouse.server.configuration import Configuration
from posthouse.server.configuration.tree import places
from posthouse.server.hub.line import OneLine, SupervisorLine
from posthouse.server.indexer.folder import IndexFolder, open_texts
from posthouse.server.indexer.sandbox import NICENESS, Sandbox
from posthouse.server.indexer.tally import MetricTally
from posthouse.server.logs import start_logging
from posthouse.storage.blobs.files import FileBlobs
from posthouse.storage.lmdb.remote import RemoteStore

log = structlog.get_logger()


def run_indexer(briefing: bytes, descriptors: list[int]) -> None:
    """Keep the index until told to end; descriptors: the line to the supervisor, and that to who reads documents."""
    configuration = decode_briefing(IndexerBriefing, briefing).configuration
    start_logging(configuration.log, "indexer")
    os.nice(NICENESS)
    sandbox = Sandbox(socket.socket(fileno=descriptors[1])) if configuration.search.attachments else None
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)
    from twisted.internet import reactor  # noqa: PLC0415 - the one just installed

    work = loop.create_task(_serve(configuration, descriptors[0], reactor, sandbox))  # noqa: F841 - kept alive by this frame
    cast(Any, reactor).run(installSignalHandlers=False)


async def _serve(configuration: Configuration, descriptor: int, reactor: Any, sandbox: Sandbox | None) -> None:
    where = places(configuration)
    folder = IndexFolder(where.search, configuration.search)
    try:
        notices, tally = Notices(Lull(configuration.search.patience_seconds, time.monotonic)), MetricTally()
        stopping = asyncio.Event()
        line = SupervisorLine(
            LocalBus(), on_lost=_end_at_once, on_drain=lambda *_: stopping.set(), figures=tally.figures
        )
        os.set_blocking(descriptor, False)
        reactor.adoptStreamConnection(descriptor, socket.AF_UNIX, OneLine(line))
        os.close(descriptor)
        store = await RemoteStore.connect(where.store, where.store_socket, configuration.store, notices)
        blobs = FileBlobs(where.blobs, configuration.blobs)
        texts = open_texts(where.search)
        reader = MessageReader(blobs, configuration.search, sandbox)
        indexer = Indexer(store, texts, folder, reader, configuration.search, notices, tally)
        line.ready()
        work = asyncio.ensure_future(indexer.run())
        stop = asyncio.ensure_future(stopping.wait())
        await asyncio.wait((work, stop), return_when=asyncio.FIRST_COMPLETED)
        indexer.stop()
        await work
        texts.close()
        os._exit(0)
    except IndexBroken as broken:
        log.error("the search index cannot be written", why=str(broken))
        if PANIC in str(broken):
            folder.begin_anew()  # its files are damaged: whoever starts next finds none and makes it anew
        os._exit(1)
    except Exception:
        log.exception("the indexer cannot go on")
        os._exit(1)


def _end_at_once() -> NoReturn:
    """The supervisor is gone; its successor starts another indexer."""
    os._exit(1)
