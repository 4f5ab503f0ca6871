"""APPEND, its messages streamed as they come; RFC 9051 6.3.12, RFC 3502 (MULTIAPPEND), RFC 4315 (APPENDUID)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posthouse.core.mail import messages
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.flags import flags_allowed
from posthouse.core.mail.letters import LetterWriter
from posthouse.core.mail.mailboxes import find_mailbox
from posthouse.core.mail.records import Letter
from posthouse.core.sharing.rights import Right
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

    __slots__ = ("_user", "_writers", "letters", "tag")

    def __init__(self, tag: str, user: User | None) -> None:
        self.tag = tag
        self.letters: list[Letter] = []
        self._user = user
        self._writers: list[LetterWriter] = []

    async def take(self, event: AppendStart | AppendOctets | AppendEnd) -> None:
        """Go on; raises what refuses the whole command."""
        if isinstance(event, AppendOctets):
            self._writers[-1].write(event.octets)
        elif isinstance(event, AppendEnd):
            self.letters.append(await self._writers[-1].finish())
        else:
            await self._start(event)

    def abandon(self) -> None:
        """The command will not be done: nothing of its messages stays."""
        for writer in self._writers:
            writer.abandon()
        self._writers = []

    async def _start(self, event: AppendStart) -> None:
        user = self._user
        if user is None:
            raise Bad("Log in first")
        message = event.message
        if message.utf8:
            raise Bad("UTF8 is not offered")
        if not message.size:
            raise No("An empty message is none", "CANNOT")  # RFC 3502 6.3.11: so MULTIAPPEND is cancelled, too
        if message.size > user.contracts.settings.message_octets:
            raise No("The message is too large", "TOOBIG")  # RFC 7889
        if event.index == 0:
            # before the peer sends what could not be stored
            try:
                found = await user.find(event.name)
                found.need(Right.INSERT)
                await user.store.read(find_mailbox, found.account, found.name)
            except NoSuchMailbox:
                raise no_target() from None
        self._writers.append(user.contracts.letters.open())


async def append(command: Append, session: Session) -> Ok:
    """Place the messages that have come, all or none."""
    user, incoming = session.user, session.incoming
    assert user is not None
    assert incoming is not None, "Incoming has taken the messages"
    session.incoming = None
    try:
        placed = await _place(command, incoming.letters, user)
    except Exception:
        incoming.abandon()
        raise
    return Ok("Stored", encoder.append_uid(placed.uid_validity, ranges_of(placed.uids)))


async def _place(command: Append, letters: list[Letter], user: User) -> messages.Appended:
    now = user.now()
    try:
        found = await user.find(command.name)
        found.need(Right.INSERT)
        allowed = flags_allowed(found.rights)  # RFC 4314 4: others are dropped, and that is no failure
        keywords = found.rights & Right.WRITE
        return await user.store.write(
            messages.append,
            found.account,
            found.name,
            letters,
            [(one.flags.system & allowed, one.flags.keywords if keywords else ()) for one in command.messages],
            [now if message.internal_date is None else message.internal_date for message in command.messages],
            now,
        )
    except NoSuchMailbox:
        raise no_target() from None


def no_target() -> No:
    """What APPEND, COPY and MOVE answer for a mailbox that is not there; RFC 9051 6.3.12, 6.4.7."""
    return No("There is no such mailbox", "TRYCREATE")
