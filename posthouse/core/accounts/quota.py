"""Quotas: what an account and its domain hold, counted in the operation that changes it, and refused when too much."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.errors import OverQuota
from posthouse.core.accounts.records import Usage, read_account, read_domain
from posthouse.storage.contract import ReadTransaction, WriteTransaction, query
from posthouse.storage.spaces import DOMAIN_USAGE, USAGE

_ENCODER = msgspec.msgpack.Encoder()
_USAGE = msgspec.msgpack.Decoder(Usage)


def charge(txn: WriteTransaction, account: int, messages: int, octets: int, *, enforce: bool = True) -> None:
    """Count so much more (less, when negative) for the account and its domain.

    Raises OverQuota, having changed nothing, when `enforce` and a limit would be passed.
    """
    record = read_account(txn, account)
    held = usage(txn, account)
    held.messages += messages
    held.octets += octets
    if record is not None:
        if enforce:
            _check(held, record.quota_messages, record.quota_octets, "")
        domain = read_domain(txn, record.domain)
        shared = domain_usage(txn, record.domain)
        shared.messages += messages
        shared.octets += octets
        if enforce and domain is not None:
            _check(shared, domain.quota_messages, domain.quota_octets, "domain ")
        txn.put(DOMAIN_USAGE.key(record.domain), _ENCODER.encode(shared))
    txn.put(USAGE.key(account), _ENCODER.encode(held))


@query
def usage(txn: ReadTransaction, account: int) -> Usage:
    """What the account holds."""
    value = txn.get(USAGE.key(account))
    return Usage() if value is None else _USAGE.decode(value)


@query
def domain_usage(txn: ReadTransaction, domain: str) -> Usage:
    """What the domain's accounts hold together."""
    value = txn.get(DOMAIN_USAGE.key(domain))
    return Usage() if value is None else _USAGE.decode(value)


def _check(held: Usage, messages: int | None, octets: int | None, whose: str) -> None:
    if messages is not None and held.messages > messages:
        raise OverQuota(whose + "messages", messages)
    if octets is not None and held.octets > octets:
        raise OverQuota(whose + "octets", octets)
