"""One IMAP session: its state, and the commands that are allowed in it; RFC 9051 3. No I/O.

A command begins when it is whole; while a session idles there is no task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic

import structlog

from posthouse.core.authentication.authenticator import Login
from posthouse.protocols.imap import news
from posthouse.protocols.imap.capabilities import capabilities
from posthouse.protocols.imap.commands.idle import Idling
from posthouse.protocols.imap.commands.incoming import Incoming
from posthouse.protocols.imap.commands.select import leave
from posthouse.protocols.imap.contracts import Contracts, Ok, User
from posthouse.protocols.imap.dialect import Dialect
from posthouse.protocols.imap.dispatch import REMOVING, by_number, do
from posthouse.protocols.imap.errors import Bad, No, ViewLost, answer_of
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.watching.watch import Watch
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.decoder import Decoder
from posthouse.protocols.imap.wire.events import (
    AppendEvent,
    AppendStart,
    AppendText,
    Event,
    Malformed,
    NeedContinuation,
)
from posthouse.protocols.line_session import LineSession
from posthouse.protocols.login_watch import watch_login
from posthouse.protocols.sessions import Channel

log = structlog.get_logger()

TURN_SECONDS = 0.01  # for so long a session does what has come before others have their turn
RESTARTING = "The server restarts, connect again"


class Session(LineSession[Decoder]):
    """One client's session."""

    __slots__ = (
        "_unwatch",
        "bad_commands",
        "contracts",
        "dialect",
        "failed_logins",
        "idling",
        "incoming",
        "user",
        "view",
        "watch",
    )

    def __init__(self, contracts: Contracts, channel: Channel) -> None:
        super().__init__(channel, Decoder(contracts.settings.wire), contracts.settings.pending_octets)
        self.contracts = contracts
        self.user: User | None = None
        self.view: View | None = None
        self.idling: Idling | None = None
        self.watch: Watch | None = None  # from the first NOTIFY on
        self.incoming: Incoming | None = None
        self.dialect = Dialect()
        self.bad_commands = 0
        self.failed_logins = 0
        self._unwatch: Callable[[], None] | None = None

    # What the endpoint calls

    def begin(self) -> None:
        """Greet; RFC 9051 7.1."""
        self.channel.set_timeout(self.contracts.settings.login_timeout_seconds)
        self.channel.write(
            self.dialect.say("*", "OK", f"{self.contracts.hostname} Posthouse is ready", self.capability_code())
        )

    def turn_away(self) -> None:
        """There are too many connections."""
        self.say_bye("Too many connections, try later", b"UNAVAILABLE")

    def expire(self) -> None:
        """Nothing was heard for too long."""
        self.say_bye("Nothing was heard for too long")

    def lost(self) -> None:
        """The connection is gone."""
        super().lost()
        if self.view is not None:
            self.view.let_go(0)
        if self.idling is not None:
            self.idling.end()
        if self.incoming is not None:
            self.incoming.abandon()
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if self.watch is not None:
            self.watch.end()

    def say_bye(self, text: str, code: bytes | None = None) -> None:
        """End the session from this side; RFC 9051 7.1.5."""
        if not self.ended:
            self.channel.write(self.dialect.say("*", "BYE", text, code))
            self.end()

    def drain(self) -> None:
        """The server stops: end now, or when the running command is done."""
        self._end_soon(partial(self.say_bye, RESTARTING, b"UNAVAILABLE"))

    # What commands use

    def capabilities(self) -> list[str]:
        """What the server can do in this state."""
        tokens = self.contracts.authenticator.tokens is not None
        return capabilities(self.channel, self.contracts.settings, logged_in=self.user is not None, tokens=tokens)

    def capability_code(self) -> bytes:
        """The same as a response code, which saves the client asking (RFC 9051 7.1)."""
        return f"CAPABILITY {' '.join(self.capabilities())}".encode()

    def count_failed_login(self) -> None:
        """One more login that failed; the last that is allowed ends the session behind its answer."""
        self.failed_logins += 1

    def watch_login(self, login: Login) -> None:
        """End the session when who logged in may not stay."""
        contracts = self.contracts
        self._unwatch = watch_login(login, contracts.store, contracts.bus, self.channel, self._may_not_stay)

    def forget_user(self) -> None:
        """Be as before the login, but for TLS (RFC 8437 4.1)."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if self.watch is not None:
            self.watch.end()
            self.watch = None
        self.user = self.view = None
        self.dialect = Dialect()
        self.decoder.utf8 = False
        self.channel.set_timeout(self.contracts.settings.login_timeout_seconds)

    def wake(self) -> None:
        """Look whether there is something to do, in the loop's next turn: what happens till then is told with it."""
        if not self._busy and not self.ended:
            self._busy = True
            self.channel.spawn(self._work())

    # Inside

    def _may_not_stay(self) -> None:
        self._end_soon(partial(self.say_bye, "You may not stay: log in again"))

    def _next_line(self) -> bytes | None:
        line = self.decoder.next_line()
        if isinstance(line, Malformed):
            raise Bad(line.text)
        return line

    async def _work(self) -> None:
        began = monotonic()
        decoder = self.decoder
        while not self.ended:
            if self.idling is not None:
                going_on = await self._idle(self.idling)
            elif (event := decoder.next_event()) is not None:
                going_on = True
                await self._take(event)
            else:
                going_on = False
            if not going_on and self.watch is not None:
                going_on = await news.tell_watched(self.watch, self)
            if self._reading_paused:
                # where nothing is whole yet, however much there is, only reading brings the rest
                if not going_on or decoder.buffered <= self._pending_octets:
                    self._read_on()
            elif not going_on:
                break
            if decoder.buffered and monotonic() - began > TURN_SECONDS:
                await asyncio.sleep(0)  # a thousand commands that wait are not done in one turn
                began = monotonic()
        self._busy = False

    async def _idle(self, idling: Idling) -> bool:
        """Do what IDLE has to; False when it waits."""
        line = self.decoder.next_line()
        if line is not None:
            idling.end()
            self.idling = None
            self.channel.set_timeout(self.contracts.settings.timeout_seconds)
            await self._answer(idling.tag, idling.answer(line))
            return True
        if idling.news and self.view is not None and self.watch is None:
            await news.tell_idling(idling, self.view, self)
            return True
        return False

    async def _take(self, event: Event) -> None:
        if isinstance(event, Command):
            removes = type(event) in REMOVING
            await self._answer(event.tag, do(event, self), expunges=not by_number(event), removes=removes)
            if self.watch is not None and self.user is not None:
                self.watch.follow(self.view.account if self.view is not None and self.view.foreign else 0, self.user)
        elif isinstance(event, NeedContinuation):
            self.channel.write(encoder.continuation())
        elif isinstance(event, Malformed):
            self._drop_incoming()
            if event.unsaves and self.view is not None:
                self.view.saved = []  # RFC 5182 2.1
            if event.closes:
                leave(self)  # RFC 9051 6.3.2: whatever SELECT is refused for
            self._tell(event.tag, Bad(event.text) if event.code is None else No(event.text, event.code))
        else:
            await self._take_letter(event)
        if self._goodbye is not None and self.incoming is None:
            self._goodbye()

    async def _take_letter(self, event: AppendEvent) -> None:
        if isinstance(event, AppendStart) and event.index == 0:
            if self.view is not None:
                await self._outcome(news.renew_rights(self.view, self))  # messages of it may be asked for
                if self.ended:
                    return
            self.incoming = Incoming(event.tag, self.user, self.view)
        incoming = self.incoming
        assert incoming is not None, "octets come behind an AppendStart"
        refusal = await self._outcome(incoming.take(event))
        if refusal is not None:
            self.decoder.refuse()
            self._drop_incoming()
            self._tell(incoming.tag, refusal)
        elif isinstance(event, AppendStart | AppendText) and event.synchronising:
            self.channel.write(encoder.continuation())

    async def _answer(
        self, tag: str, work: Awaitable[Ok | None], *, expunges: bool = True, removes: bool = False
    ) -> None:
        """Do the work, tell what others did meanwhile, and answer the tag unless the work answers later (IDLE)."""
        before = self.view
        outcome: Ok | No | Bad | None
        try:
            outcome = await work
        except Exception as error:
            outcome = self._refusal(error)
        view, watch = self.view, self.watch
        # RFC 5465 3.1: who wants to hear nothing of the open mailbox hears what was removed at its own behest
        heeds = watch is None or watch.follows_view or removes
        if heeds and view is not None and view is before and not self.ended:
            await news.catch_up(view, self, expunges=expunges)
            if isinstance(outcome, Ok) and outcome.synced and self.dialect.qresync:
                code = encoder.number_code(b"HIGHESTMODSEQ", view.synced)
                outcome = Ok(outcome.text, code, limited=outcome.limited)
        if outcome is not None and not self.ended:
            self._tell(tag, outcome)
        if self.failed_logins and self.failed_logins >= self.contracts.settings.failed_logins:
            self.say_bye("Too many logins failed")
        await self.channel.drain()

    def _limited(self, outcome: Ok, code: bytes) -> Ok:
        if outcome.code is None:
            return Ok("Not all of them at once, go on below", code)
        self.channel.write(self.dialect.say("*", "NO", "Not all of them at once, go on below", code))
        return outcome

    async def _outcome(self, work: Awaitable[Ok | None]) -> Ok | No | Bad | None:
        try:
            return await work
        except Exception as error:
            return self._refusal(error)

    def _refusal(self, error: Exception) -> No | Bad | None:
        """What is answered when a command raised this; raises what ends the connection."""
        if isinstance(error, No | Bad):
            return error
        if isinstance(error, ConnectionError):
            raise error
        if isinstance(error, ViewLost):
            self.say_bye(str(error))
            return None
        refusal = answer_of(error)
        if refusal is None:
            log.error("command failed", peer=self.channel.peer.host, exc_info=error)
            refusal = No("Something went wrong here; it was logged", "SERVERBUG")
        return refusal

    def _tell(self, tag: str, outcome: Ok | No | Bad) -> None:
        if isinstance(outcome, Ok):
            if outcome.limited is not None:
                outcome = self._limited(outcome, outcome.limited)
            self.channel.write(self.dialect.say(tag, "OK", outcome.text, outcome.code))
            return
        condition: encoder.Condition = "NO" if isinstance(outcome, No) else "BAD"
        code = None if outcome.code is None else outcome.code.encode()
        self.channel.write(self.dialect.say(tag, condition, outcome.text, code, *outcome.values))
        if isinstance(outcome, Bad):
            self._count_bad()

    def _count_bad(self) -> None:
        self.bad_commands += 1
        if self.bad_commands >= self.contracts.settings.bad_commands:
            self.say_bye("Too many commands that make no sense")

    def _drop_incoming(self) -> None:
        if self.incoming is not None:
            self.incoming.abandon()
            self.incoming = None
