"""Who logs in, and whether who has may stay: not behind a new password, a revoked one, or a locked account."""

from __future__ import annotations

from posthouse.core.accounts.lookup import AccountFound, effective_status, find_login
from posthouse.core.accounts.records import read_account
from posthouse.core.authentication.credentials import Credentials, read_credentials
from posthouse.storage.contract import ReadTransaction, query


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
