"""What happened in the core → -ERR and its response code; RFC 2449 8, RFC 3206. One table."""

from __future__ import annotations

from posthouse.core.accounts.errors import OverQuota
from posthouse.core.authentication.errors import BadExchange, LoginDisabled, TooManyFailures, WrongCredentials
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.storage.blobs.contract import BlobDamaged
from posthouse.storage.contract import StoreUnavailable

TEMPORARY, PERMANENT, CREDENTIALS, IN_USE, TOO_SOON = "SYS/TEMP", "SYS/PERM", "AUTH", "IN-USE", "LOGIN-DELAY"


class Refusal(Exception):
    """A command that is not done: -ERR, with a response code or none."""

    def __init__(self, text: str, code: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


class Senseless(Refusal):
    """A command that should not have been sent; only so many are borne."""


ANSWERS: dict[type[Exception], tuple[str | None, str]] = {
    WrongCredentials: (CREDENTIALS, "The name or the password is wrong"),
    LoginDisabled: (PERMANENT, "This account is not to be used now"),
    BadExchange: (None, "The exchange does not keep to its mechanism"),
    # not AUTH: clients would ask for another password (RFC 3206 4)
    TooManyFailures: (TEMPORARY, "There were too many failed logins, try later"),
    NoSuchMailbox: (PERMANENT, "There is no inbox"),
    OverQuota: (TEMPORARY, "There is no room left in this account"),
    BlobDamaged: (PERMANENT, "That message cannot be read"),
    StoreUnavailable: (TEMPORARY, "The store is not available now, try later"),
}


def answer_of(error: Exception) -> Refusal | None:
    """The -ERR that tells the peer of `error`; None for what is our fault."""
    if isinstance(error, Refusal):
        return error
    for kind in type(error).__mro__:
        found = ANSWERS.get(kind)
        if found is not None:
            code, text = found
            return Refusal(text, code)
    return None
