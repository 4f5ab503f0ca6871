"""What of a transaction goes into the queue: mail to other servers, held mail, and whom a report is owed."""

from __future__ import annotations

from posthouse.core.queue.send import NewRecipient, Outbound
from posthouse.core.queue.settings import QueueSettings
from posthouse.formats.address import parse_address
from posthouse.protocols.smtp.trace import return_path
from posthouse.protocols.smtp.transaction import Incoming, Recipient, Transaction


def outbound(transaction: Transaction, incoming: Incoming, settings: QueueSettings, now: int) -> list[Outbound]:
    """The messages to queue; [] where all is done when the letter is in our mailboxes.

    A user's own message is always there with all its recipients, so that its delivery can be followed.
    """
    login = transaction.login
    if login is not None:
        domain = _domain_of(transaction.mail.sender or login.address)
        everyone = [_new(recipient, transaction) for recipient in transaction.recipients]
        return [_message(transaction, incoming, domain, everyone, settings, now)]
    asked = [recipient for recipient in transaction.recipients if "success" in recipient.notify]  # RFC 3461 6.2.8
    if not asked or not transaction.mail.sender:
        return []
    domain = _domain_of(asked[0].address)
    return [
        _message(transaction, incoming, domain, [_new(recipient, transaction) for recipient in asked], settings, now)
    ]


def _new(recipient: Recipient, transaction: Transaction) -> NewRecipient:
    is_done = not (recipient.is_remote or transaction.held_until)
    return NewRecipient(
        recipient.address,
        own=not recipient.is_remote,
        state="delivered" if is_done else "waiting",
        notify=recipient.notify,
        original=recipient.original,
    )


def _message(
    transaction: Transaction,
    incoming: Incoming,
    domain: str,
    recipients: list[NewRecipient],
    settings: QueueSettings,
    now: int,
) -> Outbound:
    mail = transaction.mail
    begins = transaction.held_until or now
    by = mail.deliver_by
    # what was said to need an extension and does not can go to any server
    is_plain = incoming.is_ascii and mail.sender.isascii() and all(one.address.isascii() for one in recipients)
    return Outbound(
        number=incoming.number,
        sender=mail.sender,
        domain=domain,
        account=0 if transaction.login is None else transaction.login.account,
        recipients=recipients,
        start=len(return_path(mail.sender)),
        prefix=incoming.prefix,
        expires=begins + settings.expire_seconds * 1000,
        warn_at=begins + settings.warn_seconds * 1000 if settings.warn_seconds else 0,
        held_until=transaction.held_until,
        utf8=mail.utf8 and not is_plain,
        body=mail.body if mail.body == "BINARYMIME" else "7BIT" if incoming.is_ascii else "8BITMIME",
        ret=mail.ret,
        envelope_id=mail.envelope_id,
        require_tls=mail.require_tls,
        priority=mail.priority,
        deliver_by=0 if by is None else max(1, begins + by.seconds * 1000),
        deliver_by_mode="" if by is None else by.mode,
        deliver_by_trace=by is not None and by.trace,
    )


def _domain_of(address: str) -> str:
    """ "" for <Postmaster>, and for a name that is no domain's."""
    try:
        return parse_address(address).domain
    except ValueError:
        return ""
