"""Domains, addresses, accounts, groups and jobs: whether they agree with one another in one snapshot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from posthouse.core.accounts.accounts import ERASE_ACCOUNT
from posthouse.core.accounts.records import AccountRecord, AddressRecord, DomainRecord, GroupRecord, Usage
from posthouse.core.authentication.credentials import Credentials
from posthouse.core.maintenance.faults import REBUILD, RESTORE, Fault
from posthouse.core.maintenance.records import scan_readable
from posthouse.formats.address import Address, canonical_local, parse_address
from posthouse.storage.contract import ReadTransaction, query
from posthouse.storage.jobs import check_jobs, has_job, unreadable_jobs
from posthouse.storage.spaces import (
    ACCOUNT,
    ADDRESS,
    CREDENTIALS,
    DOMAIN,
    DOMAIN_USAGE,
    GROUP,
    META,
    SEQUENCE,
    USAGE,
)

Place = tuple[str, str]  # domain, canonical local part: where an address stands


class Directory(msgspec.Struct):
    """All that is known of who is who; None for a record that cannot be read."""

    domains: dict[str, DomainRecord | None]
    addresses: dict[Place, AddressRecord | None]
    accounts: dict[int, AccountRecord | None]
    groups: dict[int, GroupRecord | None]
    usage: dict[int, Usage | None]
    domain_usage: dict[str, Usage | None]
    own_domains: set[str]  # also those whose records are lost, when addresses of them are left

    def led_to(self, kind: str) -> dict[int, Place]:
        """The address of each account, or group, that has one."""
        return {
            record.number: place
            for place, record in self.addresses.items()
            if record is not None and record.kind == kind
        }

    def leads_somewhere(self, text: str) -> bool:
        """False for what is certainly neither an address of ours nor of another server."""
        try:
            address = parse_address(text)
        except ValueError:
            return False
        return address.domain not in self.own_domains or self.leads_here(text)

    def leads_here(self, text: str) -> bool:
        """False for what is certainly no address of ours."""
        try:
            address = parse_address(text)
        except ValueError:
            return False
        domain = self.domains.get(address.domain)
        if domain is None:
            return address.domain in self.domains
        return (domain.alias_of or domain.name, canonical_local(address.local)) in self.addresses

    def totals(self) -> tuple[Counter[str], dict[str, Usage]]:
        """How many accounts each domain has, and what they hold together, those too that are being erased."""
        counts: Counter[str] = Counter()
        held: dict[str, Usage] = {}
        for number, account in self.accounts.items():
            if account is not None:
                counts[account.domain] += account.status != "deleted" and not account.group
                one, total = self.usage.get(number) or Usage(), held.setdefault(account.domain, Usage())
                total.messages += one.messages
                total.octets += one.octets
        return counts, held


def read_directory(txn: ReadTransaction) -> Directory:
    """All of it."""
    domains = {name: record for (name,), record in scan_readable(txn, DOMAIN, DomainRecord)}
    addresses: dict[Place, AddressRecord | None] = dict(scan_readable(txn, ADDRESS, AddressRecord))
    return Directory(
        domains,
        addresses,
        {number: record for (number,), record in scan_readable(txn, ACCOUNT, AccountRecord)},
        {number: record for (number,), record in scan_readable(txn, GROUP, GroupRecord)},
        {number: record for (number,), record in scan_readable(txn, USAGE, Usage)},
        {name: record for (name,), record in scan_readable(txn, DOMAIN_USAGE, Usage)},
        domains.keys() | {name for name, _ in addresses},
    )


@query
def check_directory(txn: ReadTransaction) -> list[Fault]:
    """What does not agree."""
    found = read_directory(txn)
    faults = [*_check_domains(found), *_check_addresses(txn, found), *_check_accounts(txn, found)]
    faults += [*_check_groups(found), *_check_counters(txn, found)]
    faults += [Fault("timetable", what, REBUILD) for what in check_jobs(txn)]
    faults += [Fault(f"job {number}", "its record cannot be read", RESTORE) for number in unreadable_jobs(txn)]
    for (number,), credentials in scan_readable(txn, CREDENTIALS, Credentials):
        if credentials is None:
            what = "its credentials cannot be read; without them it needs a new password"
            faults.append(Fault(f"account {number}", what, REBUILD))
    return faults


def erasing(account: int) -> str:
    """The key of the job that erases an account."""
    return f"{ERASE_ACCOUNT} {account}"


def _check_domains(found: Directory) -> Iterator[Fault]:
    counts, held = found.totals()
    lived_in = {name for name, _ in found.addresses}
    for name in lived_in - found.domains.keys():
        yield Fault(f"domain {name}", "it is gone, and there are addresses in it", REBUILD)
    for name, domain in found.domains.items():
        where = f"domain {name}"
        if domain is None:
            mend = REBUILD if name in lived_in else RESTORE
            yield Fault(where, "its record cannot be read; its settings are lost", mend)
        elif domain.alias_of is not None:
            if domain.alias_of not in found.domains and domain.alias_of not in lived_in:
                yield Fault(where, f"it is an alias of {domain.alias_of}, which is gone", "posthouse domain delete")
        else:
            yield from _check_domain(found, domain, counts[name], held.get(name, Usage()))


def _check_domain(found: Directory, domain: DomainRecord, accounts: int, right: Usage) -> Iterator[Fault]:
    where = f"domain {domain.name}"
    if domain.accounts != accounts:
        yield Fault(where, f"{domain.accounts} accounts are counted, there are {accounts}", REBUILD)
    kept = found.domain_usage.get(domain.name, Usage())
    if kept is None:
        yield Fault(where, "its usage cannot be read", REBUILD)
    elif kept != right:
        what = f"its usage is {kept.messages} messages, {kept.octets} octets, "
        yield Fault(where, what + f"and should be {right.messages}, {right.octets}", REBUILD)
    if domain.catch_all is not None and not found.leads_here(domain.catch_all):
        yield Fault(where, f"its catch-all {domain.catch_all} is gone", REBUILD)


def _check_addresses(txn: ReadTransaction, found: Directory) -> Iterator[Fault]:
    for (name, local), record in found.addresses.items():
        where = f"address {Address(local, name)}"
        if record is None:
            owned = any(place == (name, local) for place, _ in unaddressed(found))
            yield Fault(where, "its record cannot be read", REBUILD if owned else RESTORE)
        elif record.kind == "account":
            account = found.accounts.get(record.number)
            if record.number not in found.accounts and txn.get(SEQUENCE.key(record.number)) is None:
                yield Fault(where, f"account {record.number} is gone", REBUILD)
            elif account is None:
                what = f"account {record.number} cannot be read; its mail is here, its name, quota and status are lost"
                yield Fault(where, what, REBUILD)
            elif account.status == "deleted":
                yield Fault(where, f"account {record.number} is deleted", REBUILD)
        elif record.kind == "group":
            if record.number not in found.groups:
                yield Fault(where, f"group {record.number} is gone", REBUILD)
            elif (group := found.groups[record.number]) is not None:
                yield from _check_targets(found, where, group.members)
                if group.owner is not None and not found.leads_here(group.owner):
                    yield Fault(where, f"its owner {group.owner} is gone", REBUILD)
        else:
            yield from _check_targets(found, where, record.targets)


def _check_targets(found: Directory, where: str, targets: Iterable[str]) -> Iterator[Fault]:
    for target in targets:
        if not found.leads_somewhere(target):
            yield Fault(where, f"it leads to {target}, which is gone", REBUILD)


def _check_accounts(txn: ReadTransaction, found: Directory) -> Iterator[Fault]:
    addressed = found.led_to("account")
    for number, account in found.accounts.items():
        where = f"account {number}"
        if account is None:
            if number not in addressed:
                yield Fault(where, "its record cannot be read, and no address leads to it", RESTORE)
        elif account.status == "deleted":
            if not has_job(txn, erasing(number)):
                yield Fault(where, "it is deleted, and nothing is going to erase it", REBUILD)
        elif account.group:
            group = found.groups.get(account.group)
            if account.group not in found.groups or (group is not None and group.account != number):
                yield Fault(where, f"it is for folders of group {account.group}, which has none here", RESTORE)
        elif number not in addressed:
            mend = REBUILD if _is_free(found, account.domain, account.local) else RESTORE
            yield Fault(where, f"{account.address} does not lead to it", mend)
        if account is not None and account.status != "deleted":
            yield from _check_targets(found, where, account.forward_to)
            for delegate in account.delegates:
                if not found.leads_here(delegate):
                    yield Fault(where, f"its delegate {delegate} is gone", REBUILD)


def _check_groups(found: Directory) -> Iterator[Fault]:
    addressed = found.led_to("group")
    for number, group in found.groups.items():
        if group is None:
            yield Fault(f"group {number}", "its record cannot be read", RESTORE)
        elif number not in addressed:
            mend = REBUILD if _is_free(found, group.domain, group.local) else RESTORE
            yield Fault(f"group {number}", f"{group.address} does not lead to it", mend)


def _check_counters(txn: ReadTransaction, found: Directory) -> Iterator[Fault]:
    numbered = {SEQUENCE.parse(key)[0] for key, _ in txn.scan(*SEQUENCE.range())} | found.accounts.keys()
    for name, last in (("accounts", max(numbered, default=0)), ("groups", max(found.groups, default=0))):
        kept = int.from_bytes(txn.get(META.key(name)) or b"", "big")
        if kept < last:
            yield Fault(f"counter of {name}", f"the last one is {last}, {kept} is counted", REBUILD)


def unaddressed(found: Directory) -> Iterator[tuple[Place, AddressRecord]]:
    """The addresses that should lead to accounts and groups that none leads to, where nothing else stands."""
    for kind, held in (("account", found.accounts), ("group", found.groups)):
        addressed = found.led_to(kind)
        for number, record in held.items():
            if record is None or number in addressed or getattr(record, "status", "") == "deleted":
                continue
            if getattr(record, "group", 0):  # no address leads to a group's folders
                continue
            if _is_free(found, record.domain, record.local):
                address = AddressRecord("account" if kind == "account" else "group", record.local, number)
                yield (record.domain, canonical_local(record.local)), address


def _is_free(found: Directory, domain: str, local: str) -> bool:
    return found.addresses.get((domain, canonical_local(local))) is None
