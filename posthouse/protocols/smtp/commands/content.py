"""DATA and BDAT, and what becomes of the message; RFC 5321 4.1.1.4, RFC 2033 4.2, RFC 3030."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from posthouse.core.accounts.errors import OverQuota
from posthouse.core.delivery.deliver import MailboxGone, Receipt, deliver, deliver_to_all
from posthouse.core.dkim.signing import keys_of_author, signatures
from posthouse.core.mail.records import Letter
from posthouse.core.queue.numbers import new_number, written
from posthouse.core.queue.send import Outbound, send, send_each
from posthouse.formats.mime.dates import date_time
from posthouse.protocols.connection import within
from posthouse.protocols.smtp.completion import Completion
from posthouse.protocols.smtp.errors import REPLIES
from posthouse.protocols.smtp.outbound import domain_of, outbound
from posthouse.protocols.smtp.trace import Passage, trace_fields
from posthouse.protocols.smtp.transaction import Incoming, Transaction
from posthouse.protocols.smtp.wire.commands import Bdat, DataCommand
from posthouse.protocols.smtp.wire.decoder import End
from posthouse.protocols.smtp.wire.reply import Reply, SmtpRefusal

if TYPE_CHECKING:
    from posthouse.protocols.smtp.session import Session

log = structlog.get_logger()

TOO_LARGE = Reply(552, "5.3.4", "The message is too large")  # RFC 1870 6.1
LOOP = "The message has been through too many servers"


async def begin(_: DataCommand, session: Session) -> Reply | None:
    """Ask for the data."""
    if session.incoming is not None:
        raise SmtpRefusal(503, "5.5.1", "The message comes by BDAT")  # RFC 3030 2
    if session.transaction is not None and session.transaction.mail.body == "BINARYMIME":
        raise SmtpRefusal(503, "5.5.1", "BINARYMIME comes by BDAT")  # RFC 3030 3
    incoming = _open(session)
    if session.is_hasty:
        session.turn_out()
        return None
    session.incoming = incoming
    session.decoder.begin_content()
    return Reply(354, None, "Go on, end with a dot on a line of its own")


async def chunk(command: Bdat, session: Session) -> None:
    """Take so many octets; the reply comes behind them, also when they are not wanted (RFC 3030 2)."""
    if command.size > 2 * session.contracts.settings.message_octets:
        session.say_bye(Reply(421, "4.3.4", "Nobody waits for the end of that"))
        return
    session.decoder.begin_chunk(command.size, is_last=command.last)
    if session.incoming is None:
        try:
            session.incoming = _open(session)
        except SmtpRefusal as refusal:
            session.refused_chunk = refusal.reply


def _open(session: Session) -> Incoming:
    """A new letter, its trace fields on top; raises SmtpRefusal when nobody is to have it."""
    transaction = session.transaction
    if transaction is None or transaction.has_failed:
        raise SmtpRefusal(503, "5.5.1", "MAIL comes first")
    if not transaction.recipients:
        # RFC 2033 4.2 wants 503 here, RFC 5321 3.3 has 554
        raise SmtpRefusal(503 if session.contracts.role.lmtp else 554, "5.5.1", "No recipient was taken")
    contracts = session.contracts
    now = contracts.now()
    number = new_number(now)
    fields = trace_fields(
        _passage(session, transaction, now),
        transaction.mail.sender,
        [recipient.address for recipient in transaction.recipients],
        written(number),
    )
    completion = None
    if contracts.role.submission:
        name = f"{written(number)}@{contracts.hostname}"
        completion = Completion(date_time(now), name, contracts.settings.header_octets)
    settings = contracts.settings
    due = now + settings.message_seconds * 1000
    return Incoming(contracts.letters.open(), fields, settings.message_octets, number, due, completion)


def finish_chunk(session: Session) -> Reply:
    """A chunk that is not the last is whole."""
    refused, session.refused_chunk = session.refused_chunk, None
    if session.incoming is not None and session.incoming.is_too_large:
        refused = TOO_LARGE
        session.incoming.abandon()
        session.incoming = None
    if refused is None:
        return Reply(250, "2.0.0", "Go on")
    if session.transaction is not None:
        session.transaction.has_failed = True
    return refused


async def finish(end: End, session: Session) -> list[Reply]:
    """The data is whole: put the letter where it belongs; one reply, or for LMTP one a recipient."""
    transaction, incoming = session.transaction, session.incoming
    assert transaction is not None, "MAIL came first"
    assert incoming is not None, "DATA was taken"
    session.transaction = None
    session.incoming = None
    lmtp = session.contracts.role.lmtp
    settings = session.contracts.settings
    try:
        _check(end, incoming, transaction, settings.hops)
        letter, queued = await within(settings.finish_seconds, _prepared(transaction, incoming, session))
        # what the store was given may take effect at any time: no answer but its own is true
        place = _place_each if lmtp else _place_all
        replies = await place(letter, transaction, queued, incoming.number, session)
    except Exception as error:
        incoming.abandon()
        reply = session.reply_of(error)
        replies = [reply] * (len(transaction.recipients) if lmtp else 1)
    _tell(transaction, incoming, replies, session)
    return replies


async def _prepared(transaction: Transaction, incoming: Incoming, session: Session) -> tuple[Letter, list[Outbound]]:
    """The letter, durable where it does not travel with the write, and what goes on to other servers."""
    letter = await incoming.finish()
    if incoming.completion is not None and (transaction.has_remote or transaction.held_until):
        incoming.prefix = await _signatures(incoming.completion, transaction, session)
    contracts = session.contracts
    limit = contracts.sending.daily_recipients
    return letter, outbound(transaction, incoming, letter, contracts.queue, limit, contracts.now())


def _check(end: End, incoming: Incoming, transaction: Transaction, hops: int) -> None:
    if incoming.is_too_large:
        raise SmtpRefusal(TOO_LARGE.code, TOO_LARGE.status, TOO_LARGE.text)
    if end.has_bare_line_end and transaction.mail.body != "BINARYMIME":
        raise SmtpRefusal(554, "5.6.0", "Lines end with CR and LF, and neither stands alone")  # RFC 5321 2.3.8
    if incoming.completion is not None and incoming.completion.is_too_long:
        raise SmtpRefusal(552, "5.3.4", "The header is too long")
    if incoming.hops > hops:
        raise SmtpRefusal(554, "5.4.6", LOOP)  # RFC 5321 6.3


async def _signatures(completion: Completion, transaction: Transaction, session: Session) -> bytes:
    """The DKIM-Signature fields of a user's message, in the name of its author's domain, else the sender's."""
    contracts, now = session.contracts, session.contracts.now()
    assert transaction.login is not None, "nobody else's mail is completed"
    login = transaction.login
    otherwise = domain_of(transaction.mail.sender or login.address)
    keys = await contracts.store.read(keys_of_author, login.account, completion.authors, otherwise, now)
    return signatures(completion.header, completion.body_hash, keys, now) if keys else b""


async def _place_all(
    letter: Letter, transaction: Transaction, queued: list[Outbound], number: int, session: Session
) -> list[Reply]:
    """SMTP has one answer for all recipients, so that it is in all mailboxes or in none."""
    contracts = session.contracts
    if queued:
        await contracts.store.write(send, letter, transaction.targets(), queued, contracts.now())
    else:
        await contracts.store.write(deliver_to_all, letter, transaction.targets(), contracts.now())
    return [_taken(number, transaction)]


async def _place_each(
    letter: Letter, transaction: Transaction, queued: list[Outbound], number: int, session: Session
) -> list[Reply]:
    contracts = session.contracts
    if queued:
        receipts = await contracts.store.write(send_each, letter, transaction.targets(), queued, contracts.now())
    else:
        receipts = await contracts.store.write(deliver, letter, transaction.targets(), contracts.now())
    taken = _taken(number, transaction)
    replies = []
    at = 0
    for recipient in transaction.recipients:
        behind = at + len(recipient.accounts)
        replies.append(taken if recipient.onward else _reply(receipts[at:behind], taken))
        at = behind
    return replies


def _reply(receipts: list[Receipt], taken: Reply) -> Reply:
    """One recipient's: taken when it is in one mailbox at least, for nobody reads the others (RFC 2033 4.2)."""
    reasons = {receipt.reason for receipt in receipts}
    if None in reasons:
        return taken
    return REPLIES[OverQuota if "over quota" in reasons else MailboxGone]


def _taken(number: int, transaction: Transaction) -> Reply:
    what = "Held" if transaction.held_until else "Queued" if transaction.has_remote else "Stored"
    return Reply(250, "2.0.0", f"{what} as {written(number)}")


def _passage(session: Session, transaction: Transaction, now: int) -> Passage:
    contracts, peer = session.contracts, session.channel.peer
    assert session.helo is not None, "MAIL comes behind EHLO"
    return Passage(
        role=contracts.role,
        helo=session.helo.name,
        host=peer.host,
        hostname=contracts.hostname,
        extended=session.helo.extended,
        tls=peer.tls,
        authenticated=session.login is not None,
        utf8=transaction.mail.utf8,
        now=now,
        name=session.client_name,
        priority=transaction.mail.priority,
    )


def _tell(transaction: Transaction, incoming: Incoming, replies: list[Reply], session: Session) -> None:
    """Say in the log and in the letter's trace what became of it."""
    refusals = sorted({f"{reply.code} {reply.text}" for reply in replies if reply.is_refusal})
    is_stored = any(not reply.is_refusal for reply in replies)
    recipients = [recipient.address for recipient in transaction.recipients]
    peer = session.channel.peer.host
    log.info(
        "mail stored" if is_stored else "mail refused",
        id=written(incoming.number),
        sender=transaction.mail.sender,
        recipients=recipients[:20],
        octets=incoming.writer.size,
        peer=peer,
        **({"refused": refusals} if refusals else {}),
    )
    session.contracts.trace.note(
        incoming.number,
        "received" if is_stored else "refused",
        [transaction.mail.sender, "" if incoming.letter is None else incoming.letter.header.message_id, *recipients],
        sender=transaction.mail.sender,
        recipients=", ".join(recipients[:20]),
        peer=peer,
        answer="; ".join(refusals) or replies[0].text,
    )
