"""Whether who has logged in may stay: not behind a new password, a revoked one, or a locked account."""

from __future__ import annotations

from posthouse.core.accounts.lookup import effective_status
from posthouse.core.accounts.records import read_account
from posthouse.core.authentication.credentials import read_credentials
from posthouse.storage.contract import ReadTransaction, query


@query
def login_stands(txn: ReadTransaction, account: int, epoch: int) -> bool:
    """True while the account is enabled and nothing that let one in has ceased since the login's `epoch`.

    `login_topic` of the account is announced when this may have changed.
    """
    record = read_account(txn, account)
    if record is None or effective_status(txn, record) != "enabled":
        return False
    return read_credentials(txn, account).epoch == epoch
