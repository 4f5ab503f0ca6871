"""What the supervisor gives a process it starts: settings already checked, keys already read."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from posthouse.server.certificate import KeyPair
from posthouse.server.configuration import Configuration

T = TypeVar("T")


class Adopted(Struct, frozen=True):
    """One listening socket that a worker takes over; sockets follow the briefing in this order."""

    name: str
    host: str
    port: int
    tls: str
    is_ipv6: bool


class WorkerBriefing(Struct, frozen=True):
    """For a worker; the first descriptor is its line to the supervisor, the rest are listening sockets."""

    configuration: Configuration
    slot: int
    workers: int
    key_pair: KeyPair
    listeners: tuple[Adopted, ...]


class StoreBriefing(Struct, frozen=True):
    """For the store process; descriptors: it shows on one that it serves and lives, and ends when the other closes."""

    configuration: Configuration


class IndexerBriefing(Struct, frozen=True):
    """For the indexer, whose descriptors are its lines to the supervisor and to who reads documents; and for that one,
    whose descriptor is the other end of the latter.
    """

    configuration: Configuration


def encode_briefing(briefing: WorkerBriefing | StoreBriefing | IndexerBriefing) -> bytes:
    """As bytes, for `decode_briefing`."""
    return msgspec.msgpack.encode(briefing)


def decode_briefing(kind: type[T], octets: bytes) -> T:
    """The briefing of that kind."""
    found: T = _DECODERS[kind].decode(octets)
    return found


# made before processes are forked: what msgspec finds out about all settings is megabytes, which they share
_DECODERS: dict[type, msgspec.msgpack.Decoder[Any]] = {
    kind: msgspec.msgpack.Decoder(kind) for kind in (WorkerBriefing, StoreBriefing, IndexerBriefing)
}
