"""The keys of our domains: added, listed, chosen for signing, followed by new ones, removed.

Who checks a signature asks the DNS for its key. So a key that follows another is published for some time before it
signs, while the old one still does, and the old one stays published until mail that it signed has arrived.
"""

from __future__ import annotations

from posthouse.core.accounts.errors import NoSuchDomain
from posthouse.core.accounts.records import read_domain
from posthouse.core.dkim.records import DkimKey, DkimKeyShown, read_key, scan_keys, shown, write_key
from posthouse.storage.contract import ReadTransaction, Refused, WriteTransaction, operation, query
from posthouse.storage.spaces import DKIM_KEY

DAY = 86_400_000


class DkimKeyExists(Refused):
    """args: the selector, the domain."""


class NoSuchDkimKey(Refused):
    """args: the selector, the domain."""


class DkimKeysUnderWay(Refused):
    """Keys that do not sign yet are there already, to be published. args: the domain, one's selector."""


class DkimKeysSign(Refused):
    """Keys are there, and new ones would follow them. args: the domain."""


@operation
def add_keys(txn: WriteTransaction, keys: list[DkimKey]) -> None:
    """The first keys of a domain; raises NoSuchDomain, DkimKeysSign."""
    for domain in {key.domain for key in keys}:
        if next(scan_keys(txn, domain), None) is not None:
            raise DkimKeysSign(domain)
    _add(txn, keys)


@operation
def follow_keys(txn: WriteTransaction, domain: str, keys: list[DkimKey], keep: int, now: int) -> None:
    """Let new keys follow those that a domain has: these sign until then, and are published for `keep` ms more.

    Raises NoSuchDomain, DkimKeyExists, DkimKeysUnderWay.
    """
    for old in list(scan_keys(txn, domain)):
        if old.active_from > now:
            raise DkimKeysUnderWay(domain, old.selector)
        if old.signs(now):
            old.retired_at = keys[0].active_from
            old.removed_at = old.retired_at + keep
            write_key(txn, old)
    _add(txn, keys)


@operation
def put_off(txn: WriteTransaction, domain: str, selector: str, by: int, now: int) -> None:
    """Let a key that does not sign yet begin `by` ms later, and the one that it follows go on so long."""
    late = read_key(txn, domain, selector)
    if late is None or late.active_from <= now:
        return
    for key in _followed(txn, late, now):
        key.retired_at += by
        key.removed_at += by
        write_key(txn, key)
    late.active_from += by
    write_key(txn, late)


@operation
def remove_key(txn: WriteTransaction, domain: str, selector: str, now: int) -> None:
    """Forget a key, whatever it is at; that which it was to follow goes on signing. Raises NoSuchDkimKey."""
    gone = read_key(txn, domain, selector)
    if not txn.delete(DKIM_KEY.key(domain, selector)):
        raise NoSuchDkimKey(selector, domain)
    for key in _followed(txn, gone, now) if gone is not None else ():
        key.retired_at = key.removed_at = 0
        write_key(txn, key)


@operation
def forget_old_keys(txn: WriteTransaction, before: int) -> int:
    """Forget the keys that need not be published since `before` (ms); how many they were."""
    old = [key for key in scan_keys(txn) if key.removed_at and key.removed_at < before]
    for key in old:
        txn.delete(DKIM_KEY.key(key.domain, key.selector))
    return len(old)


@query
def signing_keys(txn: ReadTransaction, domain: str, now: int) -> list[DkimKey]:
    """The keys that sign what is sent from a domain: the newest of each algorithm."""
    newest = {key.algorithm: key for key in sorted(scan_keys(txn, domain), key=_age) if key.signs(now)}
    return list(newest.values())


@query
def list_keys(txn: ReadTransaction, domain: str | None, now: int) -> list[DkimKeyShown]:
    """The keys of a domain, or of all; raises NoSuchDomain."""
    if domain is None:
        return [shown(key, now) for key in scan_keys(txn)]
    if read_domain(txn, domain) is None:
        raise NoSuchDomain(domain)
    return [shown(key, now) for key in scan_keys(txn, domain)]


@query
def published_keys(txn: ReadTransaction, domain: str, now: int) -> list[DkimKeyShown]:
    """Those whose records are to be found in the DNS now."""
    return [shown(key, now) for key in scan_keys(txn, domain) if key.state(now) != "to be unpublished"]


def _add(txn: WriteTransaction, keys: list[DkimKey]) -> None:
    for key in keys:
        if read_domain(txn, key.domain) is None:
            raise NoSuchDomain(key.domain)
        if read_key(txn, key.domain, key.selector) is not None:
            raise DkimKeyExists(key.selector, key.domain)
        write_key(txn, key)


def _followed(txn: ReadTransaction, new: DkimKey, now: int) -> list[DkimKey]:
    """The keys that sign until `new` does."""
    keys = scan_keys(txn, new.domain)
    return [
        key for key in keys if key.signs(now) and key.algorithm == new.algorithm and key.retired_at == new.active_from
    ]


def _age(key: DkimKey) -> int:
    return key.active_from
