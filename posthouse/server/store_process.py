"""The store process's start: settings and places from the briefing, the rest is the engine's."""

from __future__ import annotations

from posthouse.server.briefing import StoreBriefing, decode_briefing
from posthouse.server.configuration.tree import places
from posthouse.server.logs import start_logging
from posthouse.storage.lmdb.process import run


def run_store(briefing: bytes, descriptors: list[int]) -> None:
    """Serve the store until the supervisor is gone or says so; the descriptors are those of StoreBriefing."""
    briefed = decode_briefing(StoreBriefing, briefing)
    start_logging(briefed.configuration.log, "store")
    where = places(briefed.configuration)
    pulse, sees_end = descriptors
    run(where.store, where.store_socket, briefed.configuration.store, pulse, sees_end)
