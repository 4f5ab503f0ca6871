"""Keys that sign mail: whether each can be read, signs, fits what it publishes, and is of a domain of ours."""

from __future__ import annotations

from posthouse.core.accounts.records import read_domain
from posthouse.core.dkim.records import DkimKey
from posthouse.core.maintenance.faults import RESTORE, Fault
from posthouse.core.maintenance.records import UNREADABLE, scan_readable
from posthouse.formats.dkim.keys import load
from posthouse.storage.contract import ReadTransaction, query
from posthouse.storage.spaces import DKIM_KEY


@query
def check_keys(txn: ReadTransaction) -> list[Fault]:
    """What is wrong with them."""
    faults = []
    for (domain, selector), key in scan_readable(txn, DKIM_KEY, DkimKey):
        what = _fault(txn, domain, selector, key)
        if what:
            mend = f"{RESTORE}, or posthouse dkim remove {domain} {selector} and other keys"
            faults.append(Fault(f"DKIM key {selector}._domainkey.{domain}", what, mend))
    return faults


def _fault(txn: ReadTransaction, domain: str, selector: str, key: DkimKey | None) -> str:
    if key is None:
        return "its record cannot be read"
    if (key.domain, key.selector) != (domain, selector):
        return f"its record is that of {key.selector}._domainkey.{key.domain}"
    if read_domain(txn, domain) is None:
        return f"there is no domain {domain}"
    try:
        private = load(key.private)
    except UNREADABLE:
        return "its private half cannot be read"
    if private.algorithm != key.algorithm or private.record() != key.record:
        return "what it publishes is not of its private half"
    return ""
