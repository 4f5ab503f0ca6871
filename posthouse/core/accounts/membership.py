"""Which groups somebody is in, also by groups in groups and by aliases: read upwards from the account's address."""

from __future__ import annotations

from posthouse.core.accounts.records import AccountRecord, read_address
from posthouse.formats.address import canonical_local
from posthouse.storage.contract import ReadTransaction
from posthouse.storage.spaces import MEMBER

MOST = 10_000  # addresses that are looked at for one account


def groups_of(txn: ReadTransaction, account: AccountRecord) -> set[int]:
    """The numbers of the groups that the account is a member of."""
    found: set[int] = set()
    seen = {(account.domain, canonical_local(account.local))}
    waiting = list(seen)
    while waiting and len(seen) <= MOST:
        for key, _ in txn.scan(*MEMBER.range(*waiting.pop())):
            above = MEMBER.parse(key)[2:]
            if above in seen:
                continue
            seen.add(above)
            record = read_address(txn, *above)
            if record is None:
                continue
            if record.kind == "group":
                found.add(record.number)
            waiting.append(above)
    return found
