"""How many recipients an account writes to in a day (UTC), and how many it may."""

from __future__ import annotations

from posthouse.core.accounts.errors import SendingLimit
from posthouse.core.accounts.records import read_account
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import SENT

DAY_MS = 86_400_000


@query
def check_sending(txn: ReadTransaction, account: int, recipients: int, now: int, usual: int) -> None:
    """Raise SendingLimit when so many recipients more are too many today.

    `usual` is the limit of accounts that have none of their own (settings); 0 is no limit.
    """
    record = read_account(txn, account)
    limit = usual if record is None or record.daily_recipients is None else record.daily_recipients
    if limit and sent_today(txn, account, now) + recipients > limit:
        raise SendingLimit(limit)


def charge_sending(txn: WriteTransaction, account: int, recipients: int, now: int) -> None:
    """Count so many recipients more."""
    sent = sent_today(txn, account, now) + recipients
    txn.put(SENT.key(account, now // DAY_MS), sent.to_bytes(8, "big"))


@query
def sent_today(txn: ReadTransaction, account: int, now: int) -> int:
    """How many recipients the account has written to today."""
    return int.from_bytes(txn.get(SENT.key(account, now // DAY_MS)) or b"", "big")


@operation
def forget_sent(txn: WriteTransaction, after: int, limit: int, now: int) -> int:
    """Drop what up to `limit` accounts with numbers above `after` sent before today; the last of them, 0 at the end."""
    today = now // DAY_MS
    for _ in range(limit):
        found = next(txn.scan(SENT.prefix(after + 1), SENT.range()[1]), None)
        if found is None:
            return 0
        after, _ = SENT.parse(found[0])
        txn.delete_range(SENT.prefix(after), SENT.key(after, today))
    return after
