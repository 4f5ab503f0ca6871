"""What a session needs from the rest of the program, and what it gives to commands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import msgspec

from posthouse.core.authentication.authenticator import Authenticator
from posthouse.core.bus import Bus
from posthouse.core.mail.letters import Letters
from posthouse.protocols.connection import Output, Peer
from posthouse.protocols.imap.settings import ImapSettings
from posthouse.storage.blobs.contract import Blobs
from posthouse.storage.contract import Store


class Contracts(msgspec.Struct, frozen=True):
    """What all sessions of a worker share; `now` gives ms since the epoch."""

    store: Store
    blobs: Blobs
    letters: Letters
    authenticator: Authenticator
    bus: Bus
    settings: ImapSettings
    hostname: str
    now: Callable[[], int]


class User(msgspec.Struct, frozen=True):
    """A session that has logged in, as its commands see it."""

    account: int
    address: str
    store: Store
    output: Output
    contracts: Contracts

    def now(self) -> int:
        """Ms since the epoch."""
        return self.contracts.now()


class Channel(Output, Protocol):
    """The session's end of the transport."""

    @property
    def peer(self) -> Peer:
        """Who is at the other end, and whether TLS is between."""

    @property
    def can_start_tls(self) -> bool:
        """True where STARTTLS can be offered."""

    def start_tls(self) -> None:
        """Begin TLS behind what was written."""

    def close(self) -> None:
        """Close behind what was written."""

    def set_timeout(self, seconds: float) -> None:
        """End the session after so long a silence."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a coroutine that ends with the connection."""

    def pause_reading(self) -> None:
        """Take nothing more from the peer for now."""

    def resume_reading(self) -> None:
        """Go on taking."""


class Ok(msgspec.Struct, frozen=True):
    """A command that was done: OK, with a response code or none."""

    text: str
    code: bytes | None = None
