"""One mail transaction: sender, recipients, and the letter as it comes in; RFC 5321 3.3."""

from __future__ import annotations

import msgspec

from posthouse.core.delivery.deliver import Target
from posthouse.core.mail.letters import LetterWriter
from posthouse.protocols.smtp.trace import HopCount
from posthouse.protocols.smtp.wire.commands import Mail


class Recipient(msgspec.Struct, frozen=True):
    """A recipient that was taken: the address as it was given, and the accounts it leads to."""

    address: str
    accounts: list[int]


class Transaction:
    """From MAIL until the answer to the data, RSET or the end."""

    __slots__ = ("has_failed", "mail", "recipients")

    def __init__(self, mail: Mail) -> None:
        self.mail = mail
        self.has_failed = False  # a chunk was refused: what follows of the message is, too (RFC 3030 2)
        self.recipients: list[Recipient] = []

    def targets(self) -> list[Target]:
        """Where the letter goes."""
        return [Target(recipient.address, account) for recipient in self.recipients for account in recipient.accounts]


class Incoming:
    """The letter of a transaction while its data comes; what is more than `most` octets is not kept."""

    __slots__ = ("_hops", "_most", "_size", "_writer", "number")

    def __init__(self, writer: LetterWriter, trace: bytes, most: int, number: str) -> None:
        self._writer = writer
        self._hops = HopCount()
        self._most = most
        self._size = 0
        self.number = number
        writer.write(trace)

    def write(self, octets: bytes) -> None:
        """The next octets of the message."""
        self._size += len(octets)
        if self._size > self._most:
            self._writer.abandon()
            return
        self._hops.feed(octets)
        self._writer.write(octets)

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
