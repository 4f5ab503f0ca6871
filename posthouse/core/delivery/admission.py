"""Whether a recipient's mail is taken, asked within the dialogue: where it goes, and whether there is room for it.

Most addresses name one account, and nothing more is to be said of them. For these, three records are read as they are
stored, and what follows from their octets is remembered: it follows from them for ever, whatever changes in the store.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from posthouse.core.accounts.quota import check_quota
from posthouse.core.accounts.records import AccountRecord, AddressRecord, DomainRecord
from posthouse.core.accounts.resolve import Resolution, resolve, takes_mail
from posthouse.formats.address import canonical_local, parse_address
from posthouse.formats.srs import is_rewritten
from posthouse.storage.contract import ReadTransaction, query
from posthouse.storage.spaces import ACCOUNT, ADDRESS, DOMAIN

_DOMAIN = msgspec.msgpack.Decoder(DomainRecord)
_ADDRESS = msgspec.msgpack.Decoder(AddressRecord)
_ACCOUNT = msgspec.msgpack.Decoder(AccountRecord)


class _Named(msgspec.Struct, frozen=True):
    """The account that an address names, its key and its domain; `is_bounded` when the domain has quotas."""

    number: int
    key: bytes
    domain: str
    is_bounded: bool


@query
def admit(txn: ReadTransaction, recipient: str, sender: str, octets: int) -> Resolution:
    """Where a letter of so many octets from `sender` to `recipient` goes.

    Raises what `resolve` raises, and OverQuota when it leads to one account alone that has no room.
    """
    found = _plainly(txn, recipient, octets)
    if found is None:
        found = resolve(txn, recipient, sender)
        if len(found.accounts) == 1:
            check_quota(txn, found.accounts[0], 1, octets)
    return found


def _plainly(txn: ReadTransaction, recipient: str, octets: int) -> Resolution | None:
    """The same where the address names an account that takes its mail and passes none on; None where it does not."""
    keys = _keys(recipient)
    if keys is None:
        return None
    domain, address = txn.get(keys[0]), txn.get(keys[1])
    named = None if domain is None or address is None else _named(domain, address)
    account = None if named is None else txn.get(named.key)
    if named is None or account is None:
        return None
    is_bounded = _taking(account, named.domain)
    if is_bounded is None:
        return None
    if is_bounded or named.is_bounded:
        check_quota(txn, named.number, 1, octets)
    return Resolution([named.number])


@lru_cache(maxsize=4096)
def _keys(recipient: str) -> tuple[bytes, bytes] | None:
    """Where its domain and its address would be; None for what stands in no table."""
    try:
        address = parse_address(recipient)
    except ValueError:
        return None
    if is_rewritten(address.local):
        return None
    return DOMAIN.key(address.domain), ADDRESS.key(address.domain, canonical_local(address.local))


@lru_cache(maxsize=4096)
def _named(domain: bytes, address: bytes) -> _Named | None:
    """What the records of a domain and of an address in it say together; None unless that is one account."""
    there, record = _DOMAIN.decode(domain), _ADDRESS.decode(address)
    if there.alias_of is not None or not there.enabled or record.kind != "account":
        return None
    is_bounded = there.quota_messages is not None or there.quota_octets is not None
    return _Named(record.number, ACCOUNT.key(record.number), there.name, is_bounded)


@lru_cache(maxsize=4096)
def _taking(account: bytes, domain: str) -> bool | None:
    """Whether an account of that domain has quotas; None unless it takes its mail and passes none on."""
    record = _ACCOUNT.decode(account)
    if not takes_mail(record) or record.forward_to or record.domain != domain:
        return None
    return record.quota_messages is not None or record.quota_octets is not None
