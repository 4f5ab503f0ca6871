"""What of a transaction goes into the queue: mail to other servers, held mail, and whom a report is owed."""

from __future__ import annotations

from collections.abc import Iterator

from posthouse.core.accounts.resolve import Onward
from posthouse.core.mail.records import Letter
from posthouse.core.queue.send import NewRecipient, Outbound
from posthouse.core.queue.settings import QueueSettings
from posthouse.formats.address import parse_address
from posthouse.formats.srs import is_rewritten
from posthouse.protocols.smtp.trace import return_path
from posthouse.protocols.smtp.transaction import Incoming, Recipient, Transaction


def outbound(
    transaction: Transaction,
    incoming: Incoming,
    letter: Letter,
    settings: QueueSettings,
    daily_recipients: int,
    now: int,
) -> list[Outbound]:
    """The messages to queue, one a sender; [] where all is done when the letter is in our mailboxes.

    A user's own message is always there with all its recipients, so that its delivery can be followed, and counts
    for the `daily_recipients` of its account.
    """
    mail, login = transaction.mail, transaction.login
    messages: dict[str, list[NewRecipient]] = {}
    if login is not None:
        messages[mail.sender] = []
    for recipient in transaction.recipients:
        if login is not None or recipient.onward or recipient.notify:
            for sender, new in _new(recipient, transaction):
                messages.setdefault(sender, []).append(new)
    return [
        _message(transaction, incoming, letter, sender, recipients, settings, daily_recipients, now)
        for sender, recipients in messages.items()
    ]


def _new(recipient: Recipient, transaction: Transaction) -> Iterator[tuple[str, NewRecipient]]:
    """(sender, recipient) of what is to be queued for one that was taken."""
    mail, is_held = transaction.mail, bool(transaction.held_until)
    notify, original = recipient.notify, recipient.original
    if recipient.is_remote or is_held:  # whom a held message leads to is looked up when it goes
        yield mail.sender, NewRecipient(recipient.address, not recipient.is_remote, "waiting", notify, original)
        return
    passed_on = [onward for onward in recipient.onward if _asks_on(onward, mail.sender)]
    is_followed = transaction.login is not None or (mail.sender and "success" in notify)
    # a list's report is that of its delivery to the list (RFC 3461 6.2.7.4)
    if is_followed and (recipient.accounts or len(passed_on) < len(recipient.onward)):
        yield mail.sender, NewRecipient(recipient.address, True, "delivered", notify, original)
    for onward in recipient.onward:
        if onward in passed_on:
            yield onward.sender, NewRecipient(onward.address, notify=notify, original=original)
        else:
            yield onward.sender, NewRecipient(onward.address)


def _asks_on(onward: Onward, sender: str) -> bool:
    """True where the sender's wishes go on with the mail: not where a group's owner sends it (RFC 3461 6.2.7)."""
    return onward.sender == sender or is_rewritten(onward.sender.rpartition("@")[0])


def _message(
    transaction: Transaction,
    incoming: Incoming,
    letter: Letter,
    sender: str,
    recipients: list[NewRecipient],
    settings: QueueSettings,
    daily_recipients: int,
    now: int,
) -> Outbound:
    mail, login = transaction.mail, transaction.login
    is_own = sender == mail.sender
    domain = domain_of((sender or login.address) if login is not None else transaction.recipients[0].address)
    begins = transaction.held_until or now
    by = mail.deliver_by
    # what was said to need an extension and does not can go to any server
    is_plain = incoming.is_ascii and sender.isascii() and all(one.address.isascii() for one in recipients)
    return Outbound(
        number=incoming.number,
        sender=sender,
        domain=domain,
        account=login.account if login is not None and is_own else 0,
        recipients=recipients,
        start=len(return_path(mail.sender)),
        prefix=incoming.prefix,
        expires=begins + settings.expire_seconds * 1000,
        warn_at=begins + settings.warn_seconds * 1000 if settings.warn_seconds else 0,
        held_until=transaction.held_until,
        utf8=mail.utf8 and not is_plain,
        body=mail.body if mail.body == "BINARYMIME" else "7BIT" if incoming.is_ascii else "8BITMIME",
        ret=mail.ret,
        envelope_id=mail.envelope_id if is_own or is_rewritten(sender.rpartition("@")[0]) else "",
        require_tls=mail.require_tls,
        priority=mail.priority,
        deliver_by=0 if by is None else max(1, begins + by.seconds * 1000),
        deliver_by_mode="" if by is None else by.mode,
        deliver_by_trace=by is not None and by.trace,
        # who asks for TLS by the one means and for none by the other has it; RFC 8689 3
        tls_optional=not mail.require_tls and letter.tls_optional,
        named=len(transaction.recipients),
        daily_recipients=daily_recipients,
    )


def domain_of(address: str) -> str:
    """ "" for <Postmaster>, and for a name that is no domain's."""
    try:
        return parse_address(address).domain
    except ValueError:
        return ""
