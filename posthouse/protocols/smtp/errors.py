"""What happened in the core → reply and enhanced status code; RFC 5321 4.2.3, RFC 3463, RFC 5248. One table."""

from __future__ import annotations

from posthouse.core.accounts.errors import (
    OverQuota,
    PostingNotAllowed,
    RecipientDisabled,
    RelayDenied,
    SendingLimit,
    UnknownRecipient,
)
from posthouse.core.authentication.errors import (
    AuthenticationRefused,
    BadExchange,
    LoginDisabled,
    TooManyFailures,
    WrongCredentials,
)
from posthouse.core.delivery.deliver import MailboxGone
from posthouse.protocols.smtp.wire.reply import Reply, SmtpRefusal
from posthouse.storage.contract import StoreFull, StoreUnavailable

REPLIES: dict[type[Exception], Reply] = {
    UnknownRecipient: Reply(550, "5.1.1", "There is no such mailbox here"),
    RelayDenied: Reply(550, "5.7.1", "That domain is not ours, and mail for others is not passed on"),
    RecipientDisabled: Reply(550, "5.2.1", "That mailbox takes no mail"),
    PostingNotAllowed: Reply(550, "5.7.1", "You may not write to that group"),
    SendingLimit: Reply(452, "4.7.1", "You have written to as many people as you may in a day"),
    OverQuota: Reply(452, "4.2.2", "There is no room left in that mailbox"),
    MailboxGone: Reply(450, "4.2.1", "That mailbox has just gone"),
    WrongCredentials: Reply(535, "5.7.8", "The name or the password is wrong"),
    LoginDisabled: Reply(535, "5.7.13", "This account is not to be used now"),
    BadExchange: Reply(535, "5.7.8", "The exchange does not keep to its mechanism"),
    TooManyFailures: Reply(454, "4.7.0", "There were too many failed logins, try later"),
    AuthenticationRefused: Reply(535, "5.7.8", "You are not let in"),
    TimeoutError: Reply(451, "4.3.0", "It takes too long here, try later"),
    StoreUnavailable: Reply(451, "4.3.0", "The store is not available now, try later"),
    StoreFull: Reply(452, "4.3.1", "There is no room left on this server"),
}
OUR_FAULT = Reply(451, "4.3.0", "Something went wrong here; it was logged, try later")


def reply_of(error: Exception) -> Reply | None:
    """What tells the peer of `error`; None for what is our fault."""
    if isinstance(error, SmtpRefusal):
        return error.reply
    for kind in type(error).__mro__:
        found = REPLIES.get(kind)
        if found is not None:
            return found
    return None


def reply_text(error: Exception) -> str:
    """What the peer of `error` is told, for a trace."""
    reply = reply_of(error) or OUR_FAULT
    return f"{reply.code} {reply.status} {reply.text}"
