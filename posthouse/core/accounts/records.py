"""Records of domains, accounts, aliases and groups."""

from __future__ import annotations

import msgspec

from posthouse.storage.contract import ReadTransaction
from posthouse.storage.spaces import ACCOUNT, DOMAIN


class Usage(msgspec.Struct, array_like=True, tag=1):
    """What an account or a domain holds."""

    messages: int = 0
    octets: int = 0


class DomainRecord(msgspec.Struct, array_like=True, tag=1):
    """A domain, or an alias of one (`alias_of`). Quotas None: no limit."""

    name: str
    created: int
    alias_of: str | None = None
    enabled: bool = True
    catch_all: str | None = None
    quota_messages: int | None = None
    quota_octets: int | None = None
    quota_accounts: int | None = None
    account_quota_octets: int | None = None


class AccountRecord(msgspec.Struct, array_like=True, tag=1):
    """An account; `local` as it was given, `domain` canonical."""

    local: str
    domain: str
    name: str
    created: int
    status: str = "enabled"
    quota_messages: int | None = None
    quota_octets: int | None = None


_DOMAIN = msgspec.msgpack.Decoder(DomainRecord)
_ACCOUNT = msgspec.msgpack.Decoder(AccountRecord)


def read_domain(txn: ReadTransaction, domain: str) -> DomainRecord | None:
    """The record of a canonical domain name."""
    value = txn.get(DOMAIN.key(domain))
    return None if value is None else _DOMAIN.decode(value)


def read_account(txn: ReadTransaction, account: int) -> AccountRecord | None:
    """The record of an account."""
    value = txn.get(ACCOUNT.key(account))
    return None if value is None else _ACCOUNT.decode(value)
