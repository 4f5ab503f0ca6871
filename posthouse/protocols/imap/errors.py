"""What happened in the core → NO and its response code; RFC 9051 7.1, RFC 5530. One table."""

from __future__ import annotations

from posthouse.core.accounts.errors import OverQuota
from posthouse.core.authentication.errors import ActsAsAnother, LoginDisabled, TooManyFailures, WrongCredentials
from posthouse.core.mail.errors import (
    InvalidMailboxName,
    MailboxExists,
    MailboxHasChildren,
    MailboxIsFixed,
    NoSuchMailbox,
    NoSuchMessage,
    TooManyAnnotations,
    TooManyKeywords,
    TooManyMailboxes,
    UnsuitableUse,
)
from posthouse.core.mail.search_folders.errors import (
    MailboxHasMessages,
    NoMainMailbox,
    NotForSearchFolders,
    NotLasting,
    TooManySearchFolders,
)
from posthouse.core.sharing.errors import NoSuchGrantee, NotAllowed, OwnerHasAll, TooManyGrants
from posthouse.storage.contract import StoreUnavailable


class ViewLost(Exception):
    """The open mailbox went, or changed more than can be told: the session has to end."""


class No(Exception):
    """A command that cannot be done: NO, with a response code such as "NONEXISTENT" or none.

    `values` stand in the braces of the text, which is known by what it is without them (texts/).
    """

    def __init__(self, text: str, code: str | None = None, *values: object) -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.values = values


class Bad(Exception):
    """A command that should not have been sent: BAD; `values` as in No."""

    def __init__(self, text: str, code: str | None = None, *values: object) -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.values = values


ANSWERS: dict[type[Exception], tuple[str | None, str]] = {
    NoSuchMailbox: ("NONEXISTENT", "There is no such mailbox"),
    NoSuchMessage: (None, "There is no such message"),
    MailboxExists: ("ALREADYEXISTS", "There is a mailbox of that name"),
    InvalidMailboxName: ("CANNOT", "A mailbox cannot be called so"),
    UnsuitableUse: ("USEATTR", "That mailbox cannot be for that use"),
    MailboxHasChildren: ("HASCHILDREN", "There are mailboxes under it"),
    NotAllowed: ("NOPERM", "You may not do that with this mailbox"),
    NoSuchGrantee: ("NONEXISTENT", "There is nobody of that name to share with"),
    OwnerHasAll: ("CANNOT", "The owner has all rights, whatever is said here"),
    TooManyGrants: ("LIMIT", "The mailbox is shared with too many"),
    MailboxHasMessages: ("CANNOT", "Only an empty mailbox can become a search folder"),
    NoMainMailbox: ("CANNOT", "It is a search folder without a main mailbox: nothing can be put into it"),
    NotForSearchFolders: ("CANNOT", "A search folder cannot do that"),
    NotLasting: ("CANNOT", "Those criteria cannot be those of a search folder"),
    TooManySearchFolders: ("LIMIT", "There are too many search folders"),
    MailboxIsFixed: ("CANNOT", "The inbox stays"),
    TooManyMailboxes: ("LIMIT", "There are too many mailboxes"),
    TooManyAnnotations: ("METADATA TOOMANY", "There are too many annotations, or too large ones"),
    TooManyKeywords: ("LIMIT", "The mailbox has too many keywords"),
    WrongCredentials: ("AUTHENTICATIONFAILED", "The name or the password is wrong"),
    ActsAsAnother: ("AUTHORIZATIONFAILED", "You may not act as somebody else"),
    LoginDisabled: ("CONTACTADMIN", "This account is not to be used now"),
    # so that clients come back later, and do not ask for another password
    TooManyFailures: ("UNAVAILABLE", "There were too many failed logins, try later"),
    OverQuota: ("OVERQUOTA", "There is no room left in this account"),
    StoreUnavailable: ("UNAVAILABLE", "The store is not available now, try later"),
}


def answer_of(error: Exception) -> No | None:
    """The NO that tells the peer of `error`; None for what is our fault."""
    for kind in type(error).__mro__:
        found = ANSWERS.get(kind)
        if found is not None:
            code, text = found
            if isinstance(error, InvalidMailboxName) and len(error.args) > 1:
                text = f"{text}: {error.args[1]}"
            if isinstance(error, NotForSearchFolders) and error.args:
                text = f"A search folder cannot {error.args[0]}"
            return No(text, code)
    return None
