"""One POP3 session: its state, and the commands that are allowed in it; RFC 1939 3. No I/O.

A client may send many commands at once (PIPELINING, RFC 2449 6.6).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import structlog

from posthouse.core.authentication.authenticator import Login
from posthouse.core.mail.maildrop import leave_maildrop
from posthouse.protocols.line_session import LineSession
from posthouse.protocols.login_watch import watch_login
from posthouse.protocols.pop3.commands.table import CONNECTION_COMMANDS, USER_COMMANDS
from posthouse.protocols.pop3.contracts import Contracts, User
from posthouse.protocols.pop3.errors import CREDENTIALS, IN_USE, TEMPORARY, Refusal, Senseless, answer_of
from posthouse.protocols.pop3.lock import Lock
from posthouse.protocols.pop3.maildrop import Maildrop
from posthouse.protocols.pop3.speech import Speech
from posthouse.protocols.pop3.wire import reply
from posthouse.protocols.pop3.wire.commands import Command
from posthouse.protocols.pop3.wire.decoder import Decoder
from posthouse.protocols.pop3.wire.grammar import read_command
from posthouse.protocols.sessions import Channel

log = structlog.get_logger()

RESTARTING = Refusal("The server restarts, connect again", TEMPORARY)
IN_A_ROW = 100  # commands that came at once and are done before others have their turn
OUR_FAULT = Refusal("Something went wrong here; it was logged", TEMPORARY)


class Session(LineSession[Decoder]):
    """One client's session."""

    __slots__ = (
        "_bad_commands",
        "_failed_logins",
        "_lock",
        "_unwatch",
        "contracts",
        "ends",
        "name",
        "speech",
        "user",
        "utf8",
    )

    def __init__(self, contracts: Contracts, channel: Channel) -> None:
        settings = contracts.settings
        super().__init__(channel, Decoder(settings.line_octets), settings.pending_octets)
        self.contracts = contracts
        self.name: str | None = None  # of USER, until PASS
        self.user: User | None = None
        self.utf8 = False
        self.speech = Speech()
        self.ends = False  # behind the answer that comes next
        self._lock: Lock | None = None
        self._unwatch: Callable[[], None] | None = None
        self._bad_commands = 0
        self._failed_logins = 0

    # What the transport calls

    def begin(self) -> None:
        """Greet; RFC 1939 4. No timestamp stands in it, since APOP is not offered."""
        self.channel.set_timeout(self.contracts.settings.login_timeout_seconds)
        self.channel.write(reply.ok(f"{self.contracts.hostname} Posthouse is ready"))

    def turn_away(self) -> None:
        """There are too many connections."""
        self.say_bye(Refusal("Too many connections, try later", TEMPORARY))

    def expire(self) -> None:
        """Nothing was heard for too long: nothing is deleted (RFC 1939 3)."""
        self.say_bye(Refusal("Nothing was heard for too long", TEMPORARY))

    def lost(self) -> None:
        """The connection is gone; what was deleted without QUIT stays (RFC 1939 6)."""
        super().lost()
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if self._lock is not None:
            self.channel.start(self.unlock())

    def drain(self) -> None:
        """The server stops: end now, or when the running command is done."""
        self._end_soon(partial(self.say_bye, RESTARTING))

    # What commands use

    def logged_in(self) -> User:
        """Who has logged in; raises Senseless."""
        if self.user is None:
            raise Senseless("Log in first")
        return self.user

    def refuse_logged_in(self) -> None:
        """Raise Senseless for what comes before the login only."""
        if self.user is not None:
            raise Senseless("You have logged in already")

    def say_bye(self, refusal: Refusal) -> None:
        """End the session from this side."""
        if not self.ended:
            self._tell(refusal)
            self.end()

    async def enter(self, login: Login) -> Maildrop:
        """Lock and open the maildrop of one who has logged in; raises Refusal while it is another session's."""
        contracts = self.contracts
        settings = contracts.settings
        lock = Lock(contracts.registry, login.account, settings.lock_seconds, self.channel.spawn)
        self._lock = lock  # whatever happens to the connection while it is asked for
        if not await lock.take():
            self._lock = None
            raise Refusal("Another session has this maildrop", IN_USE)  # RFC 2449 8.1.2
        try:
            drop = await Maildrop.open(contracts.store, login.account, contracts.now(), settings.expire_days)
        except BaseException:
            await self.unlock()
            raise
        self.user = User(login.account, drop, self.channel, contracts, self.speech, self.utf8)
        self.channel.set_timeout(settings.timeout_seconds)
        self._unwatch = watch_login(login, contracts.store, contracts.bus, self.channel, self._may_not_stay)
        return drop

    async def update(self) -> None:
        """What was deleted goes, all in one transaction; RFC 1939 6. Raises StoreUnavailable: then all stays."""
        if self.user is None:
            return
        settings, drop = self.contracts.settings, self.user.drop
        doomed = await drop.doomed(fetched=settings.expire_days == 0)
        seen = await drop.seen() if settings.marks_seen else []
        if doomed or seen:
            to_trash = settings.deleted == "trash"
            now = self.contracts.now()
            await self.contracts.store.write(leave_maildrop, self.user.account, doomed, seen, to_trash, now)

    async def unlock(self) -> None:
        """Let go of the maildrop."""
        lock, self._lock = self._lock, None
        if lock is not None:
            await lock.release()

    def count_failed_login(self) -> None:
        """One more login that failed; the last that is allowed ends the session behind its answer."""
        self._failed_logins += 1

    # Inside

    def _may_not_stay(self) -> None:
        self._end_soon(partial(self.say_bye, Refusal("You may not stay: log in again", CREDENTIALS)))

    def _next_line(self) -> bytes | None:
        return self.decoder.next_line()

    async def _work(self) -> None:
        done = 0
        while not self.ended:
            going_on = await self._take_line()
            done += 1
            if done % IN_A_ROW == 0:
                await asyncio.sleep(0)
            if going_on and self._goodbye is not None:
                self._goodbye()
            if not going_on and not self._reading_paused:
                break
            # where nothing is whole yet, however much there is, only reading brings the rest
            if not going_on or self.decoder.buffered <= self._pending_octets:
                self._read_on()
        self._busy = False

    async def _take_line(self) -> bool:
        """Do the next command; False when there is none yet."""
        try:
            line = self.decoder.next_line()
            if line is None:
                return False
            answer = await self._run(read_command(line))
        except ConnectionError:
            raise
        except Exception as error:
            self._refuse(error)
        else:
            if answer is not None:
                self.channel.write(answer)
        if self.ends and not self.ended:
            self.end()
        elif self._failed_logins >= self.contracts.settings.failed_logins:
            self.say_bye(Refusal("Too many logins failed", TEMPORARY))
        else:
            await self.channel.drain()
        return True

    async def _run(self, command: Command) -> bytes | None:
        for_connection = CONNECTION_COMMANDS.get(type(command))
        if for_connection is not None:
            return await for_connection(command, self)
        return await USER_COMMANDS[type(command)](command, self.logged_in())

    def _refuse(self, error: Exception) -> None:
        refusal = answer_of(error)
        if refusal is None:
            log.error("command failed", peer=self.channel.peer.host, exc_info=error)
            refusal = OUR_FAULT
        self._tell(refusal)
        if isinstance(refusal, Senseless):
            self._bad_commands += 1
            if self._bad_commands >= self.contracts.settings.bad_commands:
                self.say_bye(Refusal("Too many commands that make no sense", TEMPORARY))

    def _tell(self, refusal: Refusal) -> None:
        self.channel.write(self.speech.refused(refusal.text, refusal.code))
