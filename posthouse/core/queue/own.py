"""Queued mail for our own mailboxes: what was held for later, and reports; delivered and written down at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from posthouse.core.accounts.errors import (
    OverQuota,
    PostingNotAllowed,
    RecipientDisabled,
    RelayDenied,
    UnknownRecipient,
)
from posthouse.core.accounts.resolve import Onward, resolve
from posthouse.core.delivery.deliver import MailboxGone, Target, deliver_to_all
from posthouse.core.mail.letters import Letters
from posthouse.core.mail.records import Letter
from posthouse.core.queue.content import read_place
from posthouse.core.queue.contracts import Outcome
from posthouse.core.queue.numbers import new_number
from posthouse.core.queue.records import OWN, QueuedMessage, read_message, read_recipient
from posthouse.core.queue.send import NewRecipient, Outbound, enqueue
from posthouse.core.queue.settings import QueueSettings
from posthouse.core.queue.states import Pace, mail_pace
from posthouse.core.queue.transfer import Carried, Taken, record, record_outcomes, take
from posthouse.formats.address import parse_address
from posthouse.storage.blobs.contract import BlobDamaged, Blobs
from posthouse.storage.contract import Refused, Store, WriteTransaction, operation

BATCH = 20

Verdict = tuple[Literal["taken", "later", "refused"], str, str]

# what a refusal means: the result, the enhanced status code (RFC 3463), words
REFUSALS: dict[type[Refused], Verdict] = {
    PostingNotAllowed: ("refused", "5.7.1", "not everyone may write to this group"),
    UnknownRecipient: ("refused", "5.1.1", "there is no such address here"),
    RelayDenied: ("refused", "5.1.2", "this is no domain of ours any more"),
    RecipientDisabled: ("refused", "5.2.1", "the mailbox takes no mail"),
    MailboxGone: ("refused", "5.1.1", "there is no such mailbox any more"),
    OverQuota: ("later", "4.2.2", "the mailbox is full"),
}


class OwnMail:
    """Delivers it."""

    def __init__(
        self, store: Store, blobs: Blobs, letters: Letters, settings: QueueSettings, now: Callable[[], int]
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._letters = letters
        self._pace = mail_pace(settings)
        self._now = now
        self._stopped = False

    def stop(self) -> None:
        """Begin with no more."""
        self._stopped = True

    async def deliver_due(self) -> None:
        """Deliver all that is due."""
        while not self._stopped:
            batch = await self._store.write(take, OWN, BATCH, 100, self._now())
            if not batch.messages:
                return
            for taken in batch.messages:
                await self._deliver(taken)

    async def _deliver(self, taken: Taken) -> None:
        recipients = [one.number for one in taken.recipients]
        try:
            letter = await self._read(taken.message)
        except BlobDamaged as damage:
            words = f"the stored message cannot be read: {damage}"
            outcomes = [Outcome(number, "later", 0, "4.3.0", words, "") for number in recipients]
            await self._store.write(record, OWN, [Carried(taken.number, outcomes)], self._pace, self._now())
            return
        now = self._now()
        await self._store.write(deliver_queued, letter, taken.number, recipients, new_number(now), self._pace, now)

    async def _read(self, message: QueuedMessage) -> Letter:
        """The letter as mailboxes have it: with the Return-Path that it was stored with, or a new one (RFC 5321 4.4).

        What is stored in front of `start` is that line; `prefix` is for other servers only.
        """
        place = await self._store.read(read_place, message.hash)
        if place is None:
            raise BlobDamaged(message.hash.hex(), "it is not stored")
        writer = self._letters.open()
        try:
            if not message.start:
                writer.write(_return_path(message.sender))
            async for chunk in self._blobs.chunks(place):
                writer.write(chunk)
            return await writer.finish()
        except BaseException:
            writer.abandon()
            raise


@operation
def deliver_queued(
    txn: WriteTransaction, letter: Letter, number: int, recipients: list[int], new: int, pace: Pace, now: int
) -> None:
    """Put a queued letter into the mailboxes of these of its recipients, each of which has it or has not.

    What goes on to other servers from there gets the numbers from `new` on.
    """
    message = read_message(txn, number)
    if message is None:
        return
    outcomes = []
    for at in recipients:
        recipient = read_recipient(txn, number, at)
        if recipient is None or recipient.state != "in transfer":
            continue
        try:
            found = resolve(txn, recipient.address, message.sender)
            if found.accounts:
                targets = [Target(recipient.address, account) for account in found.accounts]
                deliver_to_all(txn, letter, targets, now)
        except Refused as refusal:
            result, status, words = REFUSALS.get(type(refusal), ("refused", "5.7.1", str(refusal)))
            outcomes.append(Outcome(at, result, 0, status, words, ""))
            continue
        for onward in found.onward:
            enqueue(txn, letter, _passed_on(message, recipient.address, onward, new, now), now)
            new += 1
        outcomes.append(Outcome(at, "taken", 0, "2.1.5", "delivered", ""))
    record_outcomes(txn, Carried(number, outcomes), pace, now)


def _passed_on(message: QueuedMessage, recipient: str, onward: Onward, number: int, now: int) -> Outbound:
    """The message as it goes on to another server."""
    return Outbound(
        number=number,
        sender=onward.sender,
        domain=parse_address(recipient).domain,
        account=0,
        recipients=[NewRecipient(onward.address)],
        start=message.start or len(_return_path(message.sender)),
        prefix=b"",
        expires=now + message.expires - message.created,
        utf8=message.utf8,
        body=message.body,
        require_tls=message.require_tls,
        priority=message.priority,
        tls_optional=message.tls_optional,
    )


def _return_path(sender: str) -> bytes:
    return f"Return-Path: <{sender}>\r\n".encode()
