"""Domains, addresses, accounts and jobs: whether they agree with one another in one snapshot, and making them agree."""

from __future__ import annotations

from collections import Counter

from posthouse.core.accounts.lookup import home_address
from posthouse.core.accounts.quota import domain_usage, set_domain_usage, usage
from posthouse.core.accounts.records import (
    Usage,
    delete_address,
    read_account,
    read_domain,
    read_group,
    scan_accounts,
    scan_addresses,
    scan_domains,
    write_address,
    write_domain,
    write_group,
)
from posthouse.core.maintenance.faults import REBUILD, Fault
from posthouse.formats.address import Address, parse_address
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.jobs import check_jobs, mend_jobs


@query
def check_directory(txn: ReadTransaction) -> list[Fault]:
    """What does not agree."""
    faults = _check_addresses(txn)
    counts, held = _totals(txn)
    for domain in scan_domains(txn):
        if domain.alias_of is not None:
            if read_domain(txn, domain.alias_of) is None:
                faults.append(Fault(f"domain {domain.name}", f"it is an alias of {domain.alias_of}, which is gone", ""))
            continue
        where = f"domain {domain.name}"
        if domain.accounts != counts[domain.name]:
            what = f"{domain.accounts} accounts are counted, there are {counts[domain.name]}"
            faults.append(Fault(where, what, REBUILD))
        kept, right = domain_usage(txn, domain.name), held.get(domain.name, Usage())
        if kept != right:
            what = f"its usage is {kept.messages} messages, {kept.octets} octets, "
            what += f"and should be {right.messages}, {right.octets}"
            faults.append(Fault(where, what, REBUILD))
    return faults + [Fault("timetable", what, REBUILD) for what in check_jobs(txn)]


@operation
def mend_directory(txn: WriteTransaction) -> list[Fault]:
    """Make counts, usage, references and the timetable's index anew; the faults that there were."""
    faults = check_directory(txn)
    if not faults:
        return []
    counts, held = _totals(txn)
    for domain in list(scan_domains(txn)):
        if domain.alias_of is None:
            domain.accounts = counts[domain.name]
            write_domain(txn, domain)
            set_domain_usage(txn, domain.name, held.get(domain.name, Usage()))
    for name, record in list(scan_addresses(txn)):
        if record.kind == "account":
            account = read_account(txn, record.number)
            if account is None or account.status == "deleted":
                delete_address(txn, name, record.local)
        elif record.kind == "alias":
            record.targets = [target for target in record.targets if _leads_somewhere(txn, target)]
            write_address(txn, name, record)
        else:
            group = read_group(txn, record.number)
            if group is None:
                delete_address(txn, name, record.local)
            else:
                group.members = [member for member in group.members if _leads_somewhere(txn, member)]
                write_group(txn, record.number, group)
    mend_jobs(txn)
    return faults


def _check_addresses(txn: ReadTransaction) -> list[Fault]:
    faults = []
    addressed = set()
    for name, record in scan_addresses(txn):
        where = f"address {Address(record.local, name)}"
        if read_domain(txn, name) is None:
            faults.append(Fault(where, "its domain is gone", ""))
        if record.kind == "account":
            addressed.add(record.number)
            account = read_account(txn, record.number)
            if account is None or account.status == "deleted":
                faults.append(Fault(where, f"account {record.number} is gone", REBUILD))
            continue
        group = read_group(txn, record.number) if record.kind == "group" else None
        if record.kind == "group" and group is None:
            faults.append(Fault(where, f"group {record.number} is gone", REBUILD))
        for other in record.targets if group is None else group.members:
            if not _leads_somewhere(txn, other):
                faults.append(Fault(where, f"it leads to {other}, which is gone", REBUILD))
    for number, account in scan_accounts(txn):
        if account.status != "deleted" and number not in addressed:
            faults.append(Fault(f"account {number}", f"{account.address} does not lead to it", ""))
    return faults


def _totals(txn: ReadTransaction) -> tuple[Counter[str], dict[str, Usage]]:
    """How many accounts each domain has, and what they hold together, those too that are being erased."""
    counts: Counter[str] = Counter()
    held: dict[str, Usage] = {}
    for number, account in scan_accounts(txn):
        counts[account.domain] += account.status != "deleted"
        total = held.setdefault(account.domain, Usage())
        one = usage(txn, number)
        total.messages += one.messages
        total.octets += one.octets
    return counts, held


def _leads_somewhere(txn: ReadTransaction, text: str) -> bool:
    return home_address(txn, parse_address(text)) is not None
