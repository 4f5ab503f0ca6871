"""MAIL and RCPT; RFC 5321 4.1.1.2, 4.1.1.3, RFC 6409 6.1 (who may send as whom)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posthouse.core.accounts.errors import RelayDenied
from posthouse.core.accounts.lookup import may_send_as
from posthouse.core.accounts.resolve import Resolution
from posthouse.core.accounts.sending import check_sending
from posthouse.core.authentication.standing import login_stands
from posthouse.core.delivery.admission import admit
from posthouse.core.queue.numbers import new_number
from posthouse.formats.address import is_literal
from posthouse.protocols.smtp.errors import reply_text
from posthouse.protocols.smtp.limits import count_message, count_recipient, count_refusal
from posthouse.protocols.smtp.transaction import Recipient, Transaction
from posthouse.protocols.smtp.wire.commands import Mail, Rcpt
from posthouse.protocols.smtp.wire.reply import Reply, SmtpRefusal

if TYPE_CHECKING:
    from posthouse.protocols.smtp.session import Session

TRACE_OCTETS = 1024  # what our own fields add, at most


async def mail(command: Mail, session: Session) -> Reply | None:
    """Begin a transaction."""
    contracts = session.contracts
    if session.helo is None:
        raise SmtpRefusal(503, "5.5.1", f"Say {'LHLO' if contracts.role.lmtp else 'EHLO'} first")
    if not session.helo.extended and session.is_hasty:
        session.turn_out()
        return None
    if session.transaction is not None:
        raise SmtpRefusal(503, "5.5.1", "There is a sender already")
    try:
        await _check_sender(command, session)
        held_until = _held_until(command, session)
    except Exception as error:
        await count_refusal(session)
        _trace_refusal(command.sender, "", error, session)
        raise
    session.transaction = Transaction(command, session.login, held_until)
    return Reply(250, "2.1.0", "Sender taken")


async def _check_sender(command: Mail, session: Session) -> None:
    """Refuse what cannot be taken, or not of this peer."""
    contracts = session.contracts
    if command.size > contracts.settings.message_octets:
        raise SmtpRefusal(552, "5.3.4", "The message is too large")  # RFC 1870 6.1
    _check_wishes(command, session)
    await count_message(session)
    if not contracts.role.submission:
        return
    login = session.login
    if login is None:
        raise SmtpRefusal(530, "5.7.0", "Log in first")
    if not await contracts.store.read(login_stands, login.account, login.epoch):
        session.login = None
        raise SmtpRefusal(530, "5.7.0", "You may not stay: log in again")
    if command.sender and not await contracts.store.read(may_send_as, login.account, command.sender):
        raise SmtpRefusal(553, "5.7.1", "That address is not yours")


def _held_until(command: Mail, session: Session) -> int:
    """When (ms) the message is to go, 0 for at once; RFC 4865 4."""
    if not (command.hold_for or command.hold_until):
        return 0
    contracts = session.contracts
    most = contracts.queue.hold_seconds
    if not (contracts.role.submission and most):
        raise SmtpRefusal(555, "5.5.4", "Mail is not held here for later")
    now = contracts.now()
    until = now + command.hold_for * 1000 if command.hold_for else command.hold_until
    if until > now + most * 1000:
        raise SmtpRefusal(501, "5.5.4", "That is too far ahead")
    return until if until > now else 0


def _check_wishes(command: Mail, session: Session) -> None:
    """Refuse what was not offered on this connection."""
    if command.require_tls and not session.channel.peer.tls:
        raise SmtpRefusal(530, "5.7.10", "REQUIRETLS is for connections with TLS")  # RFC 8689 2
    if command.priority and not session.contracts.role.is_trusted:
        raise SmtpRefusal(555, "5.5.4", "MT-PRIORITY is not known here")


async def rcpt(command: Rcpt, session: Session) -> Reply:
    """Add one recipient."""
    transaction, settings = session.transaction, session.contracts.settings
    if transaction is None:
        raise SmtpRefusal(503, "5.5.1", "MAIL comes first")
    if session.incoming is not None:
        raise SmtpRefusal(503, "5.5.1", "The message has begun")
    if len(transaction.recipients) >= settings.recipients:
        raise SmtpRefusal(452, "4.5.3", "That is enough recipients for one message")  # RFC 5321 4.5.3.1.10
    if not command.recipient.isascii() and not transaction.mail.utf8:
        raise SmtpRefusal(550, "5.6.7", "That address wants SMTPUTF8")  # RFC 6531 3.5
    if transaction.login is not None:
        await session.contracts.store.read(
            check_sending,
            transaction.login.account,
            len(transaction.recipients) + 1,
            session.contracts.now(),
            session.contracts.sending.daily_recipients,
        )
    await count_recipient(session)
    try:
        recipient = await _taken(command, transaction, session)
    except Exception as error:
        await count_refusal(session)
        _trace_refusal(transaction.mail.sender, command.recipient, error, session)
        raise
    transaction.recipients.append(recipient)
    return Reply(250, "2.1.5", "Recipient taken")


def _trace_refusal(sender: str, recipient: str, error: Exception, session: Session) -> None:
    """Who asks where their mail is finds that it was refused, and with which words."""
    contracts = session.contracts
    contracts.trace.note(
        new_number(contracts.now()),
        "refused",
        [address for address in (sender, recipient) if address],
        sender=sender,
        recipients=recipient,
        login="" if session.login is None else session.login.address,
        peer=session.channel.peer.host,
        answer=reply_text(error),
    )


async def _taken(command: Rcpt, transaction: Transaction, session: Session) -> Recipient:
    contracts, mail = session.contracts, transaction.mail
    address = command.recipient
    try:
        if contracts.role.submission and is_literal(address):
            raise RelayDenied(address)
        # room is asked for here, for this recipient alone, and not for all when the data has come
        octets = mail.size + TRACE_OCTETS
        if "@" in address:
            found = await contracts.store.read(admit, address, mail.sender, octets)
        else:
            found = await _postmaster(octets, session)
    except RelayDenied:
        if not contracts.role.submission:
            raise
        return Recipient(address, [], command.notify, command.original, is_remote=True)
    return Recipient(address, found.accounts, command.notify, command.original, onward=found.onward)


async def _postmaster(octets: int, session: Session) -> Resolution:
    """Whom <Postmaster> means: the one of the domain that this server's name is in (RFC 5321 4.1.1.3)."""
    contracts = session.contracts
    domain = contracts.hostname
    while True:
        try:
            return await contracts.store.read(admit, f"postmaster@{domain}", "", octets)
        except RelayDenied:
            _, _, domain = domain.partition(".")
            if "." not in domain:
                raise
