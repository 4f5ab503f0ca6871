"""Messages on their way in, streamed as they come, whatever command they belong to.

APPEND (RFC 9051 6.3.12, RFC 3502), from parts that come or stand here already (RFC 4469), and REPLACE (RFC 8508).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING

from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.finding import Found
from posthouse.core.mail.flags import flags_allowed
from posthouse.core.mail.letters import LetterWriter
from posthouse.core.mail.mailboxes import find_mailbox
from posthouse.core.mail.records import Letter
from posthouse.core.sharing.rights import Right
from posthouse.protocols.imap.commands.catenate import named_octets
from posthouse.protocols.imap.commands.expunge import refuse_read_only
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.errors import Bad, No
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.commands.append import AppendMessage, Replaced
from posthouse.protocols.imap.wire.events import (
    AppendEnd,
    AppendEvent,
    AppendOctets,
    AppendStart,
    AppendText,
    AppendUrl,
)
from posthouse.protocols.imap.wire.sequence import SequenceSet

if TYPE_CHECKING:
    from posthouse.protocols.imap.session import Session


class Incoming:
    """The messages of one APPEND or REPLACE, from the first octet until the command is whole."""

    __slots__ = ("_copied", "_has_nul", "_user", "_view", "_writers", "letters", "replaced", "tag")

    def __init__(self, tag: str, user: User | None, view: View | None) -> None:
        self.tag = tag
        self.letters: list[Letter] = []
        self.replaced = 0  # the UID of the message that this one is put in the place of
        self._user = user
        self._view = view
        self._writers: list[LetterWriter] = []
        self._has_nul = False  # whether the message that comes has any
        self._copied = 0  # octets that came from other messages

    async def take(self, event: AppendEvent) -> None:
        """Go on; raises what refuses the whole command."""
        if isinstance(event, AppendOctets):
            self._write(event.octets)
        elif isinstance(event, AppendEnd):
            if not self._writers[-1].size:
                raise _empty()
            letter = await self._writers[-1].finish()
            _check_header(letter, self._known_user)
            if self._has_nul:
                # RFC 3516 6: no literal shows NUL, and BODYSTRUCTURE tells the encoding that BODY[] has
                letter = await self._known_user.contracts.letters.without_binary(letter)
            self.letters.append(letter)
        elif isinstance(event, AppendStart):
            await self._start(event)
        elif isinstance(event, AppendText):
            _check(event, self._known_user, self._writers[-1].size)
        else:
            await self._copy(event)

    def abandon(self) -> None:
        """The command will not be done: nothing of its messages stays."""
        for writer in self._writers:
            writer.abandon()
        self._writers = []

    @property
    def _known_user(self) -> User:
        if self._user is None:
            raise Bad("Log in first")
        return self._user

    async def _start(self, event: AppendStart) -> None:
        user = self._known_user
        if not event.message.catenated and not event.message.size:
            raise _empty()
        _check(event.message, user, 0)
        limit = user.contracts.settings.changed_messages
        if event.index >= limit:
            raise No("So many messages cannot be taken at once", f"MESSAGELIMIT {limit}")  # RFC 9738 3.1
        if event.index == 0:
            # before the peer sends what could not be stored
            found = await target(event.name, user)
            try:
                await user.store.read(find_mailbox, found.account, found.name)
            except NoSuchMailbox:
                raise no_target() from None
            if event.replaced is not None:
                self.replaced = await _find_replaced(event.replaced, self._view)
        self._writers.append(user.contracts.letters.open())
        self._has_nul = False

    async def _copy(self, event: AppendUrl) -> None:
        user, writer = self._known_user, self._writers[-1]
        most = user.contracts.settings.message_octets
        async with aclosing(named_octets(event.url, self._view, user)) as pieces:
            async for piece in pieces:
                self._copied += len(piece)
                # a short command could name large messages many times: what it copies is bounded as one message is
                if writer.size + len(piece) > most or self._copied > most:
                    raise _too_large()
                self._write(piece)

    def _write(self, octets: bytes) -> None:
        self._writers[-1].write(octets)
        self._has_nul = self._has_nul or b"\0" in octets


@contextmanager
def placing(session: Session) -> Iterator[Incoming]:
    """The messages that have come, for the command that places them; where it cannot, nothing of them stays."""
    incoming = session.incoming
    assert incoming is not None, "the command is whole only behind its messages"
    session.incoming = None
    try:
        yield incoming
    except NoSuchMailbox:
        incoming.abandon()
        raise no_target() from None
    except Exception:
        incoming.abandon()
        raise


async def _find_replaced(replaced: Replaced, view: View | None) -> int:
    """The UID of the message to be replaced; raises Bad or No where there is none, or it may not go."""
    if view is None:
        raise Bad("Select a mailbox first")
    if view.dialect.uid_only and not replaced.uid:
        raise Bad("Messages are named by UID only", "UIDREQUIRED")  # RFC 9586 3
    refuse_read_only(view)
    view.need(Right.DELETE | Right.EXPUNGE)
    sequence = SequenceSet(((replaced.number, replaced.number),))
    found = await view.uid_ranges(sequence, uid=replaced.uid)
    if not found:
        raise No("There is no such message")
    return found[0][0]


async def target(name: str, user: User) -> Found:
    """The mailbox that messages shall be put into; raises No and NotAllowed."""
    try:
        found = await user.find(name)
        found.need(Right.INSERT)
    except NoSuchMailbox:
        raise no_target() from None
    return found


def flags_and_times(
    coming: tuple[AppendMessage, ...], found: Found, user: User
) -> tuple[list[tuple[int, tuple[str, ...]]], list[int], int]:
    """The flags of each message as far as one may set them, when each was received, and the time now."""
    now = user.now()
    allowed = flags_allowed(found.rights)  # RFC 4314 4: others are dropped, and that is no failure
    keywords = found.rights & Right.WRITE
    return (
        [(one.flags.system & allowed, one.flags.keywords if keywords else ()) for one in coming],
        [now if one.internal_date is None else one.internal_date for one in coming],
        now,
    )


def no_target() -> No:
    """What APPEND, COPY and MOVE answer for a mailbox that is not there; RFC 9051 6.3.12, 6.4.7."""
    return No("There is no such mailbox", "TRYCREATE")


def _check(coming: AppendMessage | AppendText, user: User, so_far: int) -> None:
    if coming.utf8 and not user.dialect.utf8_accepted:
        raise Bad("ENABLE UTF8=ACCEPT first")  # RFC 6855 4
    if so_far + coming.size > user.contracts.settings.message_octets:
        raise _too_large()


def _check_header(letter: Letter, user: User) -> None:
    """A header with UTF-8 is for those who have enabled it; RFC 6855 4, RFC 9051 5."""
    if not (letter.ascii_header or user.dialect.utf8 or user.contracts.settings.eight_bit_headers):
        raise No("Its header fields are not ASCII: ENABLE UTF8=ACCEPT first", "CANNOT")


def _empty() -> No:
    return No("An empty message is none", "CANNOT")  # RFC 3502 6.3.11: so MULTIAPPEND is cancelled, too


def _too_large() -> No:
    return No("The message is too large", "TOOBIG")  # RFC 7889, RFC 4469 4
