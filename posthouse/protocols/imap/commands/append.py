"""APPEND, its messages streamed as they come; RFC 9051 6.3.12, RFC 3502 (MULTIAPPEND), RFC 4315 (APPENDUID)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posthouse.core.mail import messages
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.letters import LetterWriter
from posthouse.core.mail.mailboxes import find_mailbox
from posthouse.core.mail.records import Letter
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import Bad, No
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands import Append
from posthouse.protocols.imap.wire.events import AppendEnd, AppendOctets, AppendStart
from posthouse.protocols.imap.wire.sequence import ranges_of

if TYPE_CHECKING:
    from posthouse.protocols.imap.session import Session


class Incoming:
    """The messages of one APPEND, from the first octet until the command is whole."""

    __slots__ = ("_user", "_writer", "letters", "tag")

    def __init__(self, tag: str, user: User | None) -> None:
        self.tag = tag
        self.letters: list[Letter] = []
        self._user = user
        self._writer: LetterWriter | None = None

    async def take(self, event: AppendStart | AppendOctets | AppendEnd) -> None:
        """Go on; raises what refuses the whole command."""
        if isinstance(event, AppendOctets):
            assert self._writer is not None
            self._writer.write(event.octets)
        elif isinstance(event, AppendEnd):
            assert self._writer is not None
            writer, self._writer = self._writer, None
            self.letters.append(await writer.finish())
        else:
            await self._start(event)

    def abandon(self) -> None:
        """The command will not be done."""
        if self._writer is not None:
            self._writer.abandon()
            self._writer = None

    async def _start(self, event: AppendStart) -> None:
        user = self._user
        if user is None:
            raise Bad("Log in first")
        message = event.message
        if message.literal8 or message.utf8:
            raise Bad("BINARY and UTF8 are not offered")
        if message.size > user.contracts.settings.message_octets:
            raise No("The message is too large", "TOOBIG")  # RFC 7889
        if event.index == 0:
            # before the peer sends what could not be stored
            try:
                await user.store.read(find_mailbox, user.account, event.name)
            except NoSuchMailbox:
                raise no_target() from None
        self._writer = user.contracts.letters.open()


async def append(command: Append, session: Session) -> Ok:
    """Place the messages that have come, all or none."""
    user, incoming = session.user, session.incoming
    assert user is not None
    assert incoming is not None, "Incoming has taken the messages"
    session.incoming = None
    now = user.now()
    try:
        placed = await user.store.write(
            messages.append,
            user.account,
            command.name,
            incoming.letters,
            [(message.flags.system, message.flags.keywords) for message in command.messages],
            [now if message.internal_date is None else message.internal_date for message in command.messages],
            now,
        )
    except NoSuchMailbox:
        raise no_target() from None
    return Ok("Stored", encoder.append_uid(placed.uid_validity, ranges_of(placed.uids)))


def no_target() -> No:
    """What APPEND, COPY and MOVE answer for a mailbox that is not there; RFC 9051 6.3.12, 6.4.7."""
    return No("There is no such mailbox", "TRYCREATE")
