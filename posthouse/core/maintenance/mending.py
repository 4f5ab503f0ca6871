"""Making domains, addresses, accounts, groups and jobs agree: what was lost is found again, then the rest fits it."""

from __future__ import annotations

from posthouse.core.accounts.accounts import ERASE_ACCOUNT
from posthouse.core.accounts.quota import set_domain_usage
from posthouse.core.accounts.records import (
    AccountRecord,
    DomainRecord,
    delete_address,
    write_account,
    write_address,
    write_domain,
    write_group,
)
from posthouse.core.authentication.credentials import Credentials
from posthouse.core.maintenance.directory import (
    Directory,
    check_directory,
    erasing,
    read_directory,
    unaddressed,
)
from posthouse.core.maintenance.faults import REBUILD, Fault
from posthouse.core.maintenance.records import scan_readable
from posthouse.storage.contract import WriteTransaction, operation
from posthouse.storage.jobs import add_job, has_job, mend_jobs
from posthouse.storage.spaces import CREDENTIALS, DOMAIN_USAGE, META, SEQUENCE


@operation
def mend_directory(txn: WriteTransaction, now: int) -> list[Fault]:
    """Make them agree; the faults that there were. An account whose record is lost comes back locked."""
    faults = check_directory(txn)
    if not any(fault.mend == REBUILD for fault in faults):
        return faults
    _find_again(txn, read_directory(txn), now)
    while _drop_dangling(txn, read_directory(txn)):
        pass  # what went may have been the last that another one led to
    found = read_directory(txn)
    counts, held = found.totals()
    for name, domain in found.domains.items():
        if domain is not None and domain.alias_of is None:
            domain.accounts = counts[name]
            if domain.catch_all is not None and not found.leads_here(domain.catch_all):
                domain.catch_all = None
            write_domain(txn, domain)
            txn.delete(DOMAIN_USAGE.key(name))
            if name in held:
                set_domain_usage(txn, name, held[name])
    _drop_from_accounts(txn, found)
    _mend_counters(txn, found)
    for (number,), credentials in list(scan_readable(txn, CREDENTIALS, Credentials)):
        if credentials is None:
            txn.delete(CREDENTIALS.key(number))
    mend_jobs(txn)
    for number, account in found.accounts.items():
        if account is not None and account.status == "deleted" and not has_job(txn, erasing(number)):
            add_job(txn, ERASE_ACCOUNT, b"%d" % number, now, erasing(number))
    return faults


def _find_again(txn: WriteTransaction, found: Directory, now: int) -> None:
    """Domains of which addresses are left, accounts of which mail is left, addresses of accounts and groups."""
    for name in {name for name, _ in found.addresses}:
        if found.domains.get(name) is None:
            write_domain(txn, DomainRecord(name, now))
    for number, (name, local) in found.led_to("account").items():
        address = found.addresses[name, local]
        if address is not None and found.accounts.get(number) is None and txn.get(SEQUENCE.key(number)) is not None:
            write_account(txn, number, AccountRecord(address.local, name, "", now, status="locked"))
    for (name, _), record in unaddressed(found):
        write_address(txn, name, record)


def _drop_dangling(txn: WriteTransaction, found: Directory) -> bool:
    """Drop addresses that lead to nothing, and references to addresses that are gone; True when an address went."""
    gone = False
    for (name, local), record in found.addresses.items():
        if record is None:
            continue
        if record.kind == "account":
            account = found.accounts.get(record.number)
            if record.number not in found.accounts or (account is not None and account.status == "deleted"):
                delete_address(txn, name, local)
                gone = True
        elif record.kind == "group":
            group = found.groups.get(record.number)
            if record.number not in found.groups:
                delete_address(txn, name, local)
                gone = True
            elif group is not None:
                group.members = [member for member in group.members if found.leads_somewhere(member)]
                if group.owner is not None and not found.leads_here(group.owner):
                    group.owner = None
                write_group(txn, record.number, group)
        else:
            record.targets = [target for target in record.targets if found.leads_somewhere(target)]
            if record.targets:
                write_address(txn, name, record)
            else:
                delete_address(txn, name, local)
                gone = True
    return gone


def _drop_from_accounts(txn: WriteTransaction, found: Directory) -> None:
    """Forward to nothing that is gone, and let nobody who is gone send as another."""
    for number, account in found.accounts.items():
        if account is None or not (account.forward_to or account.delegates):
            continue
        account.forward_to = tuple(target for target in account.forward_to if found.leads_somewhere(target))
        account.delegates = tuple(delegate for delegate in account.delegates if found.leads_here(delegate))
        write_account(txn, number, account)


def _mend_counters(txn: WriteTransaction, found: Directory) -> None:
    numbered = {SEQUENCE.parse(key)[0] for key, _ in txn.scan(*SEQUENCE.range())} | found.accounts.keys()
    for name, last in (("accounts", max(numbered, default=0)), ("groups", max(found.groups, default=0))):
        key = META.key(name)
        if int.from_bytes(txn.get(key) or b"", "big") < last:
            txn.put(key, last.to_bytes(8, "big"))
