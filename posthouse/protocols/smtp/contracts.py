"""What a session needs from the rest of the program."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from posthouse.core.accounts.settings import SendingSettings
from posthouse.core.authentication.authenticator import Authenticator
from posthouse.core.mail.letters import Letters
from posthouse.core.queue.settings import QueueSettings
from posthouse.core.registry import LocalRegistry, Registry
from posthouse.protocols.smtp.roles import Role
from posthouse.protocols.smtp.settings import SmtpSettings
from posthouse.storage.contract import Store


class Trace(Protocol):
    """Takes the steps of letters; the worker's journal."""

    def note(self, number: int, what: str, /, marks: Iterable[str] = (), **fields: object) -> None:
        """Say that something was done with a letter; returns at once."""


class Contracts(msgspec.Struct, frozen=True):
    """What all sessions of a listener share; `now` gives ms since the epoch.

    `registry` is that of all workers, `own_counts` this one's.
    """

    role: Role
    store: Store
    letters: Letters
    authenticator: Authenticator
    settings: SmtpSettings
    queue: QueueSettings
    sending: SendingSettings
    registry: Registry
    trace: Trace
    hostname: str
    now: Callable[[], int]
    own_counts: LocalRegistry = msgspec.field(default_factory=lambda: LocalRegistry(limit=10_000))
