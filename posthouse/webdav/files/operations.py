"""What WebDAV does to files in one transaction and others do not."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.quota import domain_usage, usage
from posthouse.core.accounts.records import read_account, read_domain
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.describing import FileChange, change_file, properties_of
from posthouse.core.files.records import Entry
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.tree import read_entry, read_place
from posthouse.core.files.writing import make_folder
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query


@operation
def make_described_folder(
    txn: WriteTransaction,
    account: int,
    folder: int,
    name: str,
    described: FileChange,
    conditions: Conditions,
    limits: FileLimits,
    now: int,
) -> None:
    """Make a folder of which this is said, or none; raises what both steps do."""
    made = make_folder(txn, account, folder, name, conditions, limits, now)
    if described != FileChange():
        told = msgspec.structs.replace(conditions, match=None, none_match=None)
        change_file(txn, account, made.entry.node, described, told, limits, now)


@query
def properties_of_all(txn: ReadTransaction, account: int, nodes: list[int]) -> dict[int, dict[str, bytes]]:
    """The properties that clients keep of each node."""
    return {node: properties_of(txn, account, node) for node in nodes}


@query
def members_among(txn: ReadTransaction, account: int, folder: int, nodes: list[int]) -> list[tuple[str, Entry]]:
    """Those of the nodes that are in a folder now."""
    found = []
    for node in nodes:
        place = read_place(txn, account, node)
        entry = read_entry(txn, account, folder, place.name) if place is not None and place.parent == folder else None
        if place is not None and entry is not None:
            found.append((place.name, entry))
    return found


@query
def names_among(txn: ReadTransaction, account: int, folder: int, names: list[str]) -> list[str]:
    """Those of the names that something in a folder has now."""
    return [name for name in names if read_entry(txn, account, folder, name) is not None]


@query
def room_of(txn: ReadTransaction, account: int) -> tuple[int, int | None]:
    """Octets that an account holds, and may hold more by its own and its domain's limits; None for no limit."""
    held = usage(txn, account).octets
    record = read_account(txn, account)
    if record is None:
        return held, None
    left = [] if record.quota_octets is None else [record.quota_octets - held]
    domain = read_domain(txn, record.domain)
    if domain is not None and domain.quota_octets is not None:
        left.append(domain.quota_octets - domain_usage(txn, record.domain).octets)
    return held, max(0, min(left)) if left else None
