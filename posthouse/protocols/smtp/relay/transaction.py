"""One message's transaction with a server: MAIL, RCPT, DATA or BDAT; RFC 5321 3.3, RFC 2920, RFC 3030.

Where the server knows PIPELINING the envelope goes at once, with DATA behind it; else step by step.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec import Struct

from posthouse.core.queue.contracts import CarriedMessage, CarriedRecipient, Content
from posthouse.protocols.smtp.relay.content import send_chunk, send_data
from posthouse.protocols.smtp.relay.dialogue import Dialogue
from posthouse.protocols.smtp.relay.envelope import mail_command, recipient_command
from posthouse.protocols.smtp.relay.opening import Opened
from posthouse.protocols.smtp.relay.tally import Tally
from posthouse.protocols.smtp.relay.wire.commands import Unsendable
from posthouse.protocols.smtp.relay.wire.reply import Reply


class _Step(Struct, frozen=True):
    """A command, and what its reply is given to."""

    octets: bytes
    what: str
    seconds: float
    take: Callable[[Reply], None]


class Transaction:
    """From MAIL to the answer to the message; what comes of it is in `tally`."""

    __slots__ = ("_begun", "_dialogue", "_message", "_opened", "_refused", "_tally", "is_open")

    def __init__(self, dialogue: Dialogue, opened: Opened, message: CarriedMessage, tally: Tally) -> None:
        self._dialogue = dialogue
        self._opened = opened
        self._message = message
        self._tally = tally
        self._begun: Reply | None = None  # the answer to DATA
        self._refused = False  # MAIL was
        self.is_open = False  # the server holds an envelope

    async def run(self, content: Content, now: int, *, reset: bool) -> None:
        """Do it all; raises Broken and BlobDamaged, with some recipients perhaps not decided."""
        steps = self._steps(now, reset=reset)
        window = self._dialogue.settings.pipelined if self._opened.extensions.pipelining else 1
        while steps and not self._refused:
            group, steps = steps[:window], steps[window:]
            self._dialogue.say(b"".join(step.octets for step in group))
            for step in group:
                step.take(await self._dialogue.hear(step.what, step.seconds))
        if self._tally.accepted:
            await self._send(content)
        elif self._begun is not None and self._begun.is_intermediate:
            # the server waits for a message that nobody is to have; RFC 2920 3.1
            await self._dialogue.ask(b".\r\n", "an empty message", self._dialogue.settings.end_seconds)

    async def _send(self, content: Content) -> None:
        dialogue, settings = self._dialogue, self._dialogue.settings
        if self._opened.extensions.chunking:
            reply = await send_chunk(dialogue, content)
        else:
            begun = self._begun or await dialogue.ask(b"DATA\r\n", "DATA", settings.data_seconds)
            if begun.is_positive:
                raise dialogue.broken(f"{begun.code} is no answer to DATA", "4.5.0")
            reply = await send_data(dialogue, content) if begun.is_intermediate else begun
        self._expect_end(reply, "the message")
        self.is_open = not reply.is_positive
        self._tally.settle(reply, reports=self._opened.extensions.dsn)

    def _steps(self, now: int, *, reset: bool) -> list[_Step]:
        """The commands of the envelope; none where nobody can be sent to."""
        settings, offered = self._dialogue.settings, self._opened.extensions
        recipients = self._recipients()
        if not recipients:
            return []
        try:
            mail = mail_command(self._message, self._opened, now)
        except Unsendable as error:
            self._tally.rest("refused", "5.1.7", f"The sender's address cannot be sent: {error}")
            return []
        steps = [_Step(b"RSET\r\n", "RSET", settings.command_seconds, lambda _: None)] if reset else []
        steps.append(_Step(mail, "MAIL", settings.command_seconds, self._take_mail))
        steps += [
            _Step(octets, "RCPT", settings.recipient_seconds, partial(self._take_recipient, recipient))
            for recipient, octets in recipients
        ]
        if offered.pipelining and not offered.chunking:
            steps.append(_Step(b"DATA\r\n", "DATA", settings.data_seconds, self._take_data))
        return steps

    def _recipients(self) -> list[tuple[CarriedRecipient, bytes]]:
        """Those of this transaction, with their commands."""
        most = self._opened.extensions.most_recipients
        found: list[tuple[CarriedRecipient, bytes]] = []
        for recipient in self._message.recipients:
            if most and len(found) >= most:  # RFC 9422
                self._tally.postpone(recipient, f"The host takes {most} recipients at a time")
                continue
            try:
                found.append((recipient, recipient_command(recipient, self._opened)))
            except Unsendable as error:
                self._tally.refuse(recipient, "5.1.3", f"The address cannot be sent: {error}")
        return found

    def _take_mail(self, reply: Reply) -> None:
        self._expect_end(reply, "MAIL")
        if reply.is_positive:
            self.is_open = True
        else:
            self._refused = True
            self._tally.rest_by(reply)

    def _take_recipient(self, recipient: CarriedRecipient, reply: Reply) -> None:
        self._expect_end(reply, "RCPT")
        if not self._refused:  # else it says no more than that MAIL was
            self._tally.take(recipient, reply)

    def _take_data(self, reply: Reply) -> None:
        self._begun = reply

    def _expect_end(self, reply: Reply, what: str) -> None:
        if reply.is_intermediate:
            raise self._dialogue.broken(f"{reply.code} is no answer to {what}", "4.5.0")
