"""One mail transaction: sender, recipients, and the letter as it comes in; RFC 5321 3.3."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.resolve import Onward
from posthouse.core.authentication.authenticator import Login
from posthouse.core.delivery.deliver import Target
from posthouse.core.mail.letters import LetterWriter
from posthouse.core.mail.records import Letter
from posthouse.protocols.smtp.completion import Completion
from posthouse.protocols.smtp.trace import HopCount
from posthouse.protocols.smtp.wire.commands import Mail
from posthouse.protocols.smtp.wire.parameters import Notify


class Recipient(msgspec.Struct, frozen=True):
    """A recipient that was taken: the address as it was given, the accounts and the addresses elsewhere it leads to.

    One that `is_remote` is of another server itself.
    """

    address: str
    accounts: list[int]
    notify: tuple[Notify, ...] = ()
    original: str = ""
    is_remote: bool = False
    onward: list[Onward] = []


class Transaction:
    """From MAIL until the answer to the data, RSET or the end."""

    __slots__ = ("has_failed", "held_until", "login", "mail", "recipients")

    def __init__(self, mail: Mail, login: Login | None, held_until: int) -> None:
        """`login` is whose message it is, on submission. `held_until` in ms, 0 for a message that goes at once."""
        self.mail = mail
        self.login = login
        self.held_until = held_until
        self.has_failed = False  # a chunk was refused: what follows of the message is, too (RFC 3030 2)
        self.recipients: list[Recipient] = []

    @property
    def has_remote(self) -> bool:
        """True when another server is to have it."""
        return any(recipient.is_remote or recipient.onward for recipient in self.recipients)

    def targets(self) -> list[Target]:
        """The mailboxes it goes into at once."""
        if self.held_until:
            return []
        return [Target(recipient.address, account) for recipient in self.recipients for account in recipient.accounts]


class Incoming:
    """The letter of a transaction while its data comes; what is more than `most` octets is not kept."""

    __slots__ = ("_hops", "_most", "_size", "_writer", "completion", "due", "is_ascii", "letter", "number", "prefix")

    def __init__(
        self, writer: LetterWriter, trace: bytes, most: int, number: int, due: int, completion: Completion | None
    ) -> None:
        """It must have come by `due` (ms). `completion` is what a user's own message goes through."""
        self.due = due
        self.completion = completion
        self._writer = writer
        self._hops = HopCount()
        self._most = most
        self._size = 0
        self.number = number
        self.is_ascii = True
        self.letter: Letter | None = None  # once `finish` has it
        self.prefix = b""  # what goes on top of it to other servers
        writer.write(trace)

    def write(self, octets: bytes) -> None:
        """The next octets of the message."""
        self._size += len(octets)
        if self._size > self._most:
            self._writer.abandon()
            return
        self._hops.feed(octets)
        self.is_ascii = self.is_ascii and octets.isascii()
        self._writer.write(octets if self.completion is None else self.completion.feed(octets))

    async def finish(self) -> Letter:
        """The letter when all its octets have come; raises StoreUnavailable."""
        if self.completion is not None:
            self._writer.write(self.completion.close())
        self.letter = await self._writer.finish()
        return self.letter

    @property
    def size(self) -> int:
        """Octets that have come."""
        return self._size

    @property
    def writer(self) -> LetterWriter:
        """The letter."""
        return self._writer

    @property
    def hops(self) -> int:
        """How many servers have had it."""
        return self._hops.hops

    @property
    def is_too_large(self) -> bool:
        """True when it is not being kept."""
        return self._size > self._most

    @property
    def is_endless(self) -> bool:
        """True for a client that does not stop."""
        return self._size > 2 * self._most

    def abandon(self) -> None:
        """It will not be stored."""
        self._writer.abandon()
