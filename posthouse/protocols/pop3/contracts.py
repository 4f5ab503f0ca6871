"""What a session needs from the rest of the program, and what it gives to commands."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from posthouse.core.authentication.authenticator import Authenticator
from posthouse.core.bus import Bus
from posthouse.core.registry import Registry
from posthouse.protocols.connection import Output
from posthouse.protocols.pop3.maildrop import Maildrop
from posthouse.protocols.pop3.settings import Pop3Settings
from posthouse.protocols.pop3.speech import Speech
from posthouse.storage.blobs.contract import Blobs
from posthouse.storage.contract import Store


class Contracts(msgspec.Struct, frozen=True):
    """What all sessions of a worker share; `now` gives ms since the epoch."""

    store: Store
    blobs: Blobs
    authenticator: Authenticator
    registry: Registry
    bus: Bus
    settings: Pop3Settings
    hostname: str
    now: Callable[[], int]


class User(msgspec.Struct, frozen=True):
    """A session that has logged in, as its commands see it; `utf8`: it takes messages as they are."""

    account: int
    drop: Maildrop
    output: Output
    contracts: Contracts
    speech: Speech
    utf8: bool = False
