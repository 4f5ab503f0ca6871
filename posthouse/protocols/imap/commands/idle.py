"""IDLE; RFC 9051 6.3.13, RFC 2177.

A session that idles runs nothing: a notice from the bus or a line from the peer wakes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from posthouse.protocols.imap.contracts import Ok
from posthouse.protocols.imap.errors import Bad
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.session import Idle
from posthouse.protocols.imap.wire.events import Malformed
from posthouse.storage.topics import account_topic

if TYPE_CHECKING:
    from posthouse.protocols.imap.session import Session


class Idling:
    """One IDLE that lasts; `news` says that something in the account changed."""

    __slots__ = ("_reminder", "_unsubscribe", "_wake", "news", "tag")

    def __init__(self, tag: str, wake: Callable[[], None]) -> None:
        self.tag = tag
        self.news = True  # what came before the subscription stood
        self._wake = wake
        self._unsubscribe: Callable[[], None] | None = None
        self._reminder: asyncio.TimerHandle | None = None

    def begin(self, session: Session, account: int) -> None:
        """Listen from now on."""
        self._unsubscribe = session.contracts.bus.subscribe(account_topic(account), self._noticed)

    def remind(self, seconds: float | None) -> None:
        """Look again after so many seconds, whatever is heard; None: not by the clock."""
        if self._reminder is not None:
            self._reminder.cancel()
            self._reminder = None
        if seconds is not None:
            self._reminder = asyncio.get_running_loop().call_later(seconds, self._noticed, "")

    def end(self) -> None:
        """Listen no more."""
        self.remind(None)
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    async def answer(self, line: bytes | Malformed) -> Ok:
        """What the peer's line leads to."""
        if isinstance(line, bytes) and line.upper() == b"DONE":
            return Ok("That was all")
        raise Bad("Expected DONE")

    def _noticed(self, _topic: str) -> None:
        self.news = True
        self._wake()


async def idle(command: Idle, session: Session) -> None:
    """Begin to idle; the tag is answered when it ends."""
    if session.user is None:
        raise Bad("Log in first")
    idling = session.idling = Idling(command.tag, session.wake)
    if session.view is not None and session.watch is None:  # else that tells what is wanted; RFC 5465 4
        idling.begin(session, session.view.account)
    if session.watch is not None:
        session.watch.news = True  # now also messages that went may be told
    session.channel.set_timeout(session.contracts.settings.idle_timeout_seconds)
    session.channel.write(encoder.continuation("idling"))
