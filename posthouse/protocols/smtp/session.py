"""One SMTP or LMTP session: its state and the dialogue; RFC 5321 3, RFC 2033, and RFC 2920 (many at once). No I/O."""

from __future__ import annotations

import asyncio
from functools import partial

import structlog

from posthouse.core.authentication.authenticator import Login
from posthouse.protocols.line_session import LineSession
from posthouse.protocols.sessions import Channel
from posthouse.protocols.smtp.commands import content
from posthouse.protocols.smtp.commands.table import COMMANDS
from posthouse.protocols.smtp.contracts import Contracts
from posthouse.protocols.smtp.errors import OUR_FAULT, reply_of
from posthouse.protocols.smtp.limits import is_in
from posthouse.protocols.smtp.transaction import Incoming, Transaction
from posthouse.protocols.smtp.wire.commands import Command, DataCommand, Ehlo, Mail, Rcpt
from posthouse.protocols.smtp.wire.decoder import Decoder, End
from posthouse.protocols.smtp.wire.grammar import read_command
from posthouse.protocols.smtp.wire.reply import Reply, SmtpRefusal, encoded

log = structlog.get_logger()

IN_A_ROW = 100  # commands that came at once and are done before others have their turn
RESTARTING = Reply(421, "4.3.2", "The server restarts, try again")


class Session(LineSession[Decoder]):
    """One client's session."""

    __slots__ = (
        "_bad_commands",
        "_excused",
        "_failed_logins",
        "_greeted",
        "_in_data",
        "_is_tired",
        "_refused_recipients",
        "_speaks_for_others",
        "client_name",
        "contracts",
        "helo",
        "incoming",
        "login",
        "refused_chunk",
        "transaction",
    )

    def __init__(self, contracts: Contracts, channel: Channel) -> None:
        settings = contracts.settings
        super().__init__(channel, Decoder(settings.line_octets), settings.pending_octets)
        self.contracts = contracts
        self.helo: Ehlo | None = None
        self.login: Login | None = None
        self.transaction: Transaction | None = None
        self.incoming: Incoming | None = None
        self.refused_chunk: Reply | None = None  # to be said when its octets have come
        self.client_name = ""  # what a trusted server says that its client's address is called
        self._excused = False  # MAIL or RCPT was refused: who sent all at once did not know (RFC 2920 3.1)
        self._speaks_for_others: bool | None = None  # not looked at yet
        self._greeted = True
        self._is_tired = False
        self._in_data = False  # in a message that has begun to come: its time-out holds
        self._bad_commands = 0
        self._failed_logins = 0
        self._refused_recipients = 0

    # What the transport calls

    def begin(self) -> None:
        """Greet; RFC 5321 4.3.1."""
        self.channel.set_timeout(self.contracts.settings.timeout_seconds)
        delay = self.contracts.settings.greeting_delay_milliseconds
        if delay and self.is_stranger:
            self._greeted = False
            self.channel.spawn(self._greet_later(delay / 1000))
        else:
            self.greet()

    def turn_away(self) -> None:
        """There are too many connections."""
        self.say_bye(Reply(421, "4.3.2", "Too many connections, try later"))

    def expire(self) -> None:
        """Nothing was heard for too long."""
        self.say_bye(Reply(421, "4.4.2", "Nothing was heard for too long"))

    def received(self, octets: bytes) -> None:
        """Octets came from the peer."""
        if self._greeted:
            super().received(octets)
        else:
            self.say_bye(Reply(554, "5.5.1", "You spoke before you were greeted"))

    def lost(self) -> None:
        """The connection is gone."""
        super().lost()
        self.reset()

    def drain(self) -> None:
        """The server stops: end now, or when the message that is coming has been answered."""
        self._goodbye = partial(self.say_bye, RESTARTING)
        if not self.is_busy and self.incoming is None:
            self._goodbye()

    # What commands use

    @property
    def may_speak_for_others(self) -> bool:
        """True for a server that says by XCLIENT who its client is; of who connected, whoever it spoke for since."""
        if self._speaks_for_others is None:
            self._speaks_for_others = is_in(self.channel.peer.host, self.contracts.settings.xclient_networks)
        return self._speaks_for_others

    @property
    def is_stranger(self) -> bool:
        """True for a server that nobody vouches for; of whom a trusted server speaks for, too."""
        contracts, host = self.contracts, self.channel.peer.host
        if contracts.role.is_trusted or self.channel.peer.is_loopback:
            return False
        settings = contracts.settings
        return not (is_in(host, settings.trusted_networks) or is_in(host, settings.xclient_networks))

    @property
    def is_hasty(self) -> bool:
        """True for a stranger who has sent on where the reply is to be waited for (RFC 2920 3.1)."""
        contracts = self.contracts
        return self.decoder.buffered > 0 and contracts.settings.refuse_early_commands and not contracts.role.is_trusted

    def turn_out(self) -> None:
        """End the session of one who is hasty: what they sent is not what it seems."""
        self.say_bye(Reply(503, "5.5.0", "You did not wait for the reply"))

    def greet(self) -> None:
        """Say who is here."""
        self._say(Reply(220, None, f"{self.contracts.hostname} {self.contracts.role.protocol} Posthouse"))

    def say_bye(self, reply: Reply) -> None:
        """End the session from this side; RFC 5321 3.8."""
        if not self.ended:
            self._say(reply)
            self.end()

    def reset(self) -> None:
        """Forget the transaction; RFC 5321 4.1.1.5."""
        self.transaction = None
        if self.incoming is not None:
            self.incoming.abandon()
            self.incoming = None
        self.decoder.forget_chunks()

    def count_failed_login(self) -> None:
        """One more login that failed; the last that is allowed ends the session behind its reply."""
        self._failed_logins += 1

    def count_refused_recipient(self) -> None:
        """One more sender or recipient that was refused; a relay that speaks LMTP may have any number."""
        self._refused_recipients += not self.contracts.role.lmtp

    def tires(self) -> None:
        """The peer's address has been refused too often: the session ends behind the next reply."""
        self._is_tired = True

    def reply_of(self, error: Exception) -> Reply:
        """What tells the peer of `error`; our own faults are logged here."""
        reply = reply_of(error)
        if reply is None:
            log.error("command failed", peer=self.channel.peer.host, exc_info=error)
            reply = OUR_FAULT
        return reply

    # Inside

    async def _greet_later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if not self.ended:
            self._greeted = True
            self.greet()

    def _say(self, reply: Reply) -> None:
        self.channel.write(encoded(reply))

    def _next_line(self) -> bytes | None:
        return self.decoder.next_line()

    async def _work(self) -> None:
        """Do what has come, one command or one piece of a message after the other, as far as it is whole."""
        decoder = self.decoder
        done = 0
        while decoder.is_ready and not self.ended:
            done += 1
            if done % IN_A_ROW == 0:
                await asyncio.sleep(0)
            if decoder.in_content:
                end = self._take_content()
                if end is not None:
                    await self._finish(end)
            else:
                command = self._take_command()
                if command is not None:
                    await self._do(command)
            if self._goodbye is not None and self.incoming is None:
                self._goodbye()
            # where nothing is whole yet, however much there is, only reading brings the rest
            if self._reading_paused and (not decoder.is_ready or decoder.buffered <= self._pending_octets):
                self._read_on()
        self._busy = False

    def _take_command(self) -> Command | None:
        """The next command; None when none is whole, and for a line that is none, which is answered here."""
        try:
            line = self.decoder.next_line()
            return None if line is None else read_command(line)
        except SmtpRefusal as refusal:
            self._say(refusal.reply)
            self._count_bad()
            return None

    async def _do(self, command: Command) -> None:
        try:
            reply = await COMMANDS[type(command)](command, self)
        except Exception as error:
            reply = self.reply_of(error)
        if reply is not None:
            if reply.is_refusal or self._excused:
                self._note_refusal(command, reply)
            self._answer(reply)
        await self.channel.drain()

    def _note_refusal(self, command: Command, reply: Reply) -> None:
        refused = reply.is_refusal and reply.code != 503
        if isinstance(command, Mail):
            self._excused = refused
        elif isinstance(command, Rcpt):
            self._excused |= refused
        elif not isinstance(command, DataCommand):
            self._excused = False

    def _answer(self, reply: Reply) -> None:
        self._say(reply)
        if self.ended:
            self.channel.close()
        elif reply.is_refusal:
            self._weigh(reply)

    def _weigh(self, refusal: Reply) -> None:
        """End the session of one who was refused too often."""
        settings = self.contracts.settings
        if refusal.code == 503 and not self._excused:
            self._count_bad()
        elif self._failed_logins >= settings.failed_logins:
            self.say_bye(Reply(421, "4.7.0", "Too many logins failed"))
        elif self._is_tired or self._refused_recipients >= settings.refused_recipients:
            self.say_bye(Reply(421, "4.7.0", "Too many senders and recipients were refused"))

    def _take_content(self) -> End | None:
        """Keep the next piece of the message; its end, when that has been reached."""
        piece = self.decoder.next_content()
        if isinstance(piece, End):
            return piece
        if piece is not None:
            self._keep(piece.octets)
        if not self.decoder.is_ready:
            self._await_data()
        return None

    def _await_data(self) -> None:
        """More of a message is to come; not for small ones, which come at once (RFC 5321 4.5.3.2.5)."""
        if not self._in_data and self.incoming is not None and self.incoming.size:
            self._in_data = True
            self.channel.set_timeout(self.contracts.settings.data_timeout_seconds)

    def _keep(self, octets: bytes) -> None:
        incoming = self.incoming
        if incoming is None:
            return  # of a chunk that was refused
        incoming.write(octets)
        if incoming.is_endless or self.contracts.now() > incoming.due:
            self.reset()
            self.say_bye(Reply(421, "4.3.0", "The message does not end"))

    async def _finish(self, end: End) -> None:
        if self._in_data:
            self._in_data = False
            self.channel.set_timeout(self.contracts.settings.timeout_seconds)
        if end.is_last and self.refused_chunk is None:
            replies = await content.finish(end, self)
        else:
            replies = [content.finish_chunk(self)]
        self.channel.write(b"".join([reply.encode() for reply in replies]))
        await self.channel.drain()

    def _count_bad(self) -> None:
        self._bad_commands += 1
        if self._bad_commands >= self.contracts.settings.bad_commands:
            self.say_bye(Reply(421, "4.7.0", "Too many commands that make no sense"))
