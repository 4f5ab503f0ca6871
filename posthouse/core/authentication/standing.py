"""Who logs in, and whether who has may stay: not behind a new password, a revoked one, or a locked account."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.lookup import AccountFound, effective_status, find_login
from posthouse.core.accounts.records import read_account
from posthouse.core.authentication.credentials import Credentials, read_credentials
from posthouse.storage.contract import ReadTransaction, query
from posthouse.storage.spaces import ACCOUNT, CREDENTIALS, DOMAIN


class Grounds(msgspec.Struct, frozen=True):
    """The records by which a login stands, as they are stored: while they stay the same, so does that."""

    keys: list[bytes]
    values: list[bytes | None]


@query
def login_with_credentials(txn: ReadTransaction, name: str) -> tuple[AccountFound | None, Credentials]:
    """Whom a login name means and all that lets him in, from one snapshot; empty credentials for nobody."""
    found = find_login(txn, name)
    return found, Credentials() if found is None else read_credentials(txn, found.account)


@query
def login_stands(txn: ReadTransaction, account: int, epoch: int) -> bool:
    """True while the account is enabled and nothing that let one in has ceased since the login's `epoch`.

    `login_topic` of the account is announced when this may have changed.
    """
    record = read_account(txn, account)
    if record is None or effective_status(txn, record) != "enabled":
        return False
    return read_credentials(txn, account).epoch == epoch


@query
def grounds_of(txn: ReadTransaction, account: int, epoch: int) -> Grounds | None:
    """What a login of that `epoch` stands by; None for one that does not (`login_stands`)."""
    record = read_account(txn, account)
    if record is None or not login_stands(txn, account, epoch):
        return None
    keys = [ACCOUNT.key(account), DOMAIN.key(record.domain), CREDENTIALS.key(account)]
    return Grounds(keys, txn.get_many(keys))


@query
def are_unchanged(txn: ReadTransaction, keys: list[bytes], values: list[bytes | None]) -> bool:
    """Whether records are what they were."""
    return txn.get_many(keys) == values
