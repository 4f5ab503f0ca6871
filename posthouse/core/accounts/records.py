"""Records of domains, addresses, accounts and groups, and how they are read and written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeVar

import msgspec

from posthouse.formats.address import Address, canonical_local, parse_address
from posthouse.storage.contract import ReadTransaction, WriteTransaction
from posthouse.storage.spaces import ACCOUNT, ADDRESS, DOMAIN, GROUP, MEMBER, META

R = TypeVar("R")

Status = Literal["enabled", "disabled", "locked", "deleted"]
Posting = Literal["anyone", "members"]


class Usage(msgspec.Struct, array_like=True, tag=1):
    """What an account or a domain holds."""

    messages: int = 0
    octets: int = 0


class SmartHost(msgspec.Struct, array_like=True, frozen=True):
    """The server that a domain's mail to others is handed to; `name` and `password` are empty where none is wanted."""

    host: str
    port: int
    name: str = ""
    password: str = ""
    implicit_tls: bool = False
    plain: bool = False  # TLS is not insisted on

    def __repr__(self) -> str:
        return f"<smart host {self.host}:{self.port}>"  # no password in any log


class DomainRecord(msgspec.Struct, array_like=True, tag=1):
    """A domain by its canonical name, or an alias of one (`alias_of`). Quotas None: no limit."""

    name: str
    created: int
    alias_of: str | None = None
    enabled: bool = True
    catch_all: str | None = None
    quota_messages: int | None = None
    quota_octets: int | None = None
    quota_accounts: int | None = None
    account_quota_octets: int | None = None
    accounts: int = 0
    smart_host: SmartHost | None = None
    source_addresses: tuple[str, ...] = ()  # addresses of ours that its mail is sent from


class AccountRecord(msgspec.Struct, array_like=True, tag=1):
    """An account; `local` as it was given, `domain` canonical.

    Locked: nobody logs in, mail still arrives. Disabled: neither. Mail goes on to `forward_to`, a copy stays if
    `forward_keeps`. `delegates` are addresses of ours who may send as this account. `daily_recipients`: how many it may
    write to in a day, None as the setting says, 0 for no limit.
    """

    local: str
    domain: str
    name: str
    created: int
    status: Status = "enabled"
    quota_messages: int | None = None
    quota_octets: int | None = None
    forward_to: tuple[str, ...] = ()
    forward_keeps: bool = True
    delegates: tuple[str, ...] = ()
    daily_recipients: int | None = None
    group: int = 0  # the group whose folders are kept here: nobody's address leads to it, nobody logs in

    @property
    def address(self) -> str:
        """The main address."""
        return str(Address(self.local, self.domain))


class AddressRecord(msgspec.Struct, array_like=True, tag=1):
    """What an address leads to: an account or a group by its number, an alias to other addresses."""

    kind: Literal["account", "alias", "group"]
    local: str
    number: int = 0
    targets: list[str] = []


class GroupRecord(msgspec.Struct, array_like=True, tag=1):
    """A distribution group; members are addresses of ours or of other servers.

    `owner`, an address of ours, hears when its mail cannot be delivered. `send_as`: members may write in its name.
    """

    local: str
    domain: str
    name: str
    created: int
    posting: Posting = "anyone"
    members: list[str] = []
    owner: str | None = None
    send_as: bool = False
    account: int = 0  # where its folders are kept; 0 while it has none

    @property
    def address(self) -> str:
        """The group's address."""
        return str(Address(self.local, self.domain))


ENCODER = msgspec.msgpack.Encoder()
_DOMAIN = msgspec.msgpack.Decoder(DomainRecord)
_ACCOUNT = msgspec.msgpack.Decoder(AccountRecord)
_ADDRESS = msgspec.msgpack.Decoder(AddressRecord)
_GROUP = msgspec.msgpack.Decoder(GroupRecord)


def read_domain(txn: ReadTransaction, domain: str) -> DomainRecord | None:
    """The record of a canonical domain name."""
    value = txn.get(DOMAIN.key(domain))
    return None if value is None else _DOMAIN.decode(value)


def write_domain(txn: WriteTransaction, record: DomainRecord) -> None:
    """Store it."""
    txn.put(DOMAIN.key(record.name), ENCODER.encode(record))


def scan_domains(txn: ReadTransaction) -> Iterator[DomainRecord]:
    """All domains and domain aliases, by name."""
    for _, value in txn.scan(*DOMAIN.range()):
        yield _DOMAIN.decode(value)


def read_account(txn: ReadTransaction, account: int) -> AccountRecord | None:
    """The record of an account."""
    value = txn.get(ACCOUNT.key(account))
    return None if value is None else _ACCOUNT.decode(value)


def write_account(txn: WriteTransaction, account: int, record: AccountRecord) -> None:
    """Store it."""
    txn.put(ACCOUNT.key(account), ENCODER.encode(record))


def scan_accounts(txn: ReadTransaction, after: int = 0) -> Iterator[tuple[int, AccountRecord]]:
    """(account, record) of the accounts with numbers above `after`."""
    for key, value in txn.scan(ACCOUNT.key(after + 1), ACCOUNT.range()[1]):
        yield int.from_bytes(key[-4:], "big"), _ACCOUNT.decode(value)


def read_group(txn: ReadTransaction, group: int) -> GroupRecord | None:
    """The record of a group."""
    value = txn.get(GROUP.key(group))
    return None if value is None else _GROUP.decode(value)


def write_group(txn: WriteTransaction, group: int, record: GroupRecord) -> None:
    """Store it, and index its members."""
    held = _readable(read_group, txn, group)
    index_members(txn, record.domain, record.local, [] if held is None else held.members, record.members)
    txn.put(GROUP.key(group), ENCODER.encode(record))


def delete_group_record(txn: WriteTransaction, group: int) -> None:
    """Forget it."""
    held = _readable(read_group, txn, group)
    if held is not None:
        index_members(txn, held.domain, held.local, held.members, [])
    txn.delete(GROUP.key(group))


def read_address(txn: ReadTransaction, domain: str, local: str) -> AddressRecord | None:
    """What an address of a canonical domain leads to."""
    value = txn.get(ADDRESS.key(domain, canonical_local(local)))
    return None if value is None else _ADDRESS.decode(value)


def write_address(txn: WriteTransaction, domain: str, record: AddressRecord) -> None:
    """Store it, and index whom it leads to."""
    index_members(txn, domain, record.local, _targets(txn, domain, record.local), record.targets)
    txn.put(ADDRESS.key(domain, canonical_local(record.local)), ENCODER.encode(record))


def delete_address(txn: WriteTransaction, domain: str, local: str) -> None:
    """Forget it."""
    index_members(txn, domain, local, _targets(txn, domain, local), [])
    txn.delete(ADDRESS.key(domain, canonical_local(local)))


def scan_addresses(txn: ReadTransaction, *domain: str) -> Iterator[tuple[str, AddressRecord]]:
    """(domain, record) of all addresses, or of one domain's."""
    for key, value in txn.scan(*ADDRESS.range(*domain)):
        yield ADDRESS.parse(key)[0], _ADDRESS.decode(value)


def next_number(txn: WriteTransaction, name: str) -> int:
    """The next number of a counter, from 1; never given twice."""
    key = META.key(name)
    number = int.from_bytes(txn.get(key) or b"", "big") + 1
    txn.put(key, number.to_bytes(8, "big"))
    return number


def member_key(member: str, domain: str, local: str) -> bytes:
    """Where the index says that a group or alias has that member."""
    address = parse_address(member)
    return MEMBER.key(address.domain, canonical_local(address.local), domain, canonical_local(local))


def index_members(txn: WriteTransaction, domain: str, local: str, old: list[str], new: list[str]) -> None:
    """Keep the index of members in step with a group or an alias."""
    if old == new:
        return
    for member in old:
        txn.delete(member_key(member, domain, local))
    for member in new:
        txn.put(member_key(member, domain, local), b"")


def _targets(txn: ReadTransaction, domain: str, local: str) -> list[str]:
    held = _readable(read_address, txn, domain, local)
    return [] if held is None else held.targets


def _readable(read: Callable[..., R | None], txn: ReadTransaction, *key: Any) -> R | None:
    """What is stored, to be replaced: None too for what cannot be read, of which a rebuild makes the index anew."""
    try:
        return read(txn, *key)
    except msgspec.MsgspecError:
        return None
