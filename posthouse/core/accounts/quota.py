"""Quotas: what an account and its domain hold, counted in the operation that changes it, and refused when too much."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.errors import NoSuchAccount, OverQuota
from posthouse.core.accounts.records import AccountRecord, Usage, read_account, read_domain
from posthouse.storage.contract import ReadTransaction, WriteTransaction, query
from posthouse.storage.spaces import DOMAIN_USAGE, USAGE

_ENCODER = msgspec.msgpack.Encoder()
_USAGE = msgspec.msgpack.Decoder(Usage)


class Allowance(msgspec.Struct, array_like=True, frozen=True):
    """An account's own limits (None for none) and what it holds; its domain's limits bind it too."""

    address: str
    usage: Usage
    messages: int | None
    octets: int | None


def charge(txn: WriteTransaction, account: int, messages: int, octets: int, *, enforce: bool = True) -> None:
    """Count so much more (less, when negative) for the account and its domain.

    Raises OverQuota, having changed nothing, when `enforce` and a limit would be passed.
    """
    record = read_account(txn, account)
    held = _more(usage(txn, account), messages, octets)
    if record is not None:
        shared = _more(domain_usage(txn, record.domain), messages, octets)
        if enforce:
            _check_both(txn, record, held, shared)
        txn.put(DOMAIN_USAGE.key(record.domain), _ENCODER.encode(shared))
    txn.put(USAGE.key(account), _ENCODER.encode(held))


def check_quota(txn: ReadTransaction, account: int, messages: int, octets: int) -> None:
    """Raise OverQuota when `charge` would."""
    record = read_account(txn, account)
    if record is not None:
        held = _more(usage(txn, account), messages, octets)
        _check_both(txn, record, held, _more(domain_usage(txn, record.domain), messages, octets))


@query
def usage(txn: ReadTransaction, account: int) -> Usage:
    """What the account holds."""
    value = txn.get(USAGE.key(account))
    return Usage() if value is None else _USAGE.decode(value)


@query
def allowance(txn: ReadTransaction, account: int) -> Allowance:
    """What the account may hold, and holds; raises NoSuchAccount."""
    record = read_account(txn, account)
    if record is None:
        raise NoSuchAccount(str(account))
    return Allowance(record.address, usage(txn, account), record.quota_messages, record.quota_octets)


@query
def domain_usage(txn: ReadTransaction, domain: str) -> Usage:
    """What the domain's accounts hold together."""
    value = txn.get(DOMAIN_USAGE.key(domain))
    return Usage() if value is None else _USAGE.decode(value)


def set_usage(txn: WriteTransaction, account: int, messages: int, octets: int) -> None:
    """Put right what the account holds, and its domain by the difference."""
    held = usage(txn, account)
    charge(txn, account, messages - held.messages, octets - held.octets, enforce=False)


def set_domain_usage(txn: WriteTransaction, domain: str, held: Usage) -> None:
    """Put right what a domain's accounts hold together."""
    txn.put(DOMAIN_USAGE.key(domain), _ENCODER.encode(held))


def _more(held: Usage, messages: int, octets: int) -> Usage:
    held.messages += messages
    held.octets += octets
    return held


def _check_both(txn: ReadTransaction, account: AccountRecord, held: Usage, shared: Usage) -> None:
    _check(held, account.quota_messages, account.quota_octets, "")
    domain = read_domain(txn, account.domain)
    if domain is not None:
        _check(shared, domain.quota_messages, domain.quota_octets, "domain ")


def _check(held: Usage, messages: int | None, octets: int | None, whose: str) -> None:
    if messages is not None and held.messages > messages:
        raise OverQuota(whose + "messages", messages)
    if octets is not None and held.octets > octets:
        raise OverQuota(whose + "octets", octets)
