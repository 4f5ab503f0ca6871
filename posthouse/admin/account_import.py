"""Many accounts from a CSV file: all rows are looked at before the first is added, and hashed on every core."""

from __future__ import annotations

import asyncio
import csv
import os
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import msgspec

from posthouse.admin.names import BadAddress, address_of
from posthouse.admin.sizes import BadSize, octets_of
from posthouse.core.accounts.accounts import NewAccount, add_accounts
from posthouse.core.accounts.domains import list_domains
from posthouse.core.accounts.lookup import taken_addresses
from posthouse.core.authentication.passwords import PasswordTooLong, PasswordTooShort, check_policy, derive
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.storage.contract import Refused, Store

COLUMNS = ("address", "password", "name", "quota")
BATCH = 100  # accounts added in one transaction


class BadRows(Refused):
    """args: one line for every fault, "line N: what is wrong"."""


class Row(msgspec.Struct, frozen=True):
    """One account to add."""

    line: int
    address: str
    password: str
    name: str
    quota: int | None


def read_rows(lines: Iterable[str], settings: AuthenticationSettings) -> list[Row]:
    """The rows of a file with a header of COLUMNS, the last two of which may be missing or empty; raises BadRows."""
    reader = csv.DictReader(lines, restval="")
    header = tuple(reader.fieldnames or ())
    if not set(COLUMNS[:2]) <= set(header) or not set(header) <= set(COLUMNS):
        raise BadRows(f"line 1: expected the columns {','.join(COLUMNS)}")
    rows: list[Row] = []
    faults: list[str] = []
    seen: set[str] = set()
    for fields in reader:
        try:
            row = _row(reader.line_num, fields, settings)
        except Refused as error:
            faults.append(f"line {reader.line_num}: {_why(error)}")
            continue
        if row.address.lower() in seen:
            faults.append(f"line {row.line}: {row.address} stands there twice")
        seen.add(row.address.lower())
        rows.append(row)
    if faults:
        raise BadRows(*faults)
    return rows


async def add_rows(
    store: Store, rows: list[Row], settings: AuthenticationSettings, now: int, done: Callable[[int], None]
) -> int:
    """Add them all; how many. `done` hears how many more were.

    Raises BadRows, having added none, when one of them cannot be.
    """
    await _check(store, rows)
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        for at in range(0, len(rows), BATCH):
            batch = rows[at : at + BATCH]
            keys = await asyncio.gather(
                *(loop.run_in_executor(executor, derive, row.password, settings) for row in batch)
            )
            new = [NewAccount(row.address, row.name, key, row.quota) for row, key in zip(batch, keys, strict=True)]
            await store.write(add_accounts, new, now)
            done(len(batch))
    return len(rows)


async def _check(store: Store, rows: list[Row]) -> None:
    domains = {domain.name: domain for domain in await store.read(list_domains) if domain.alias_of is None}
    faults = []
    for at in range(0, len(rows), BATCH):
        batch = rows[at : at + BATCH]
        taken = await store.read(taken_addresses, [row.address for row in batch])
        for row in batch:
            domain = row.address.rpartition("@")[2]
            if domain not in domains:
                faults.append(f"line {row.line}: {domain} is no domain of ours")
            elif row.address in taken:
                faults.append(f"line {row.line}: {row.address} is taken")
    more = Counter(row.address.rpartition("@")[2] for row in rows)
    for name, record in domains.items():
        if record.quota_accounts is not None and record.accounts + more[name] > record.quota_accounts:
            faults.append(f"{name} may have {record.quota_accounts} accounts and has {record.accounts}")
    if faults:
        raise BadRows(*faults)


def _row(line: int, fields: dict[str, str], settings: AuthenticationSettings) -> Row:
    if None in fields:
        raise BadRows("there are more fields than columns")
    check_policy(fields["password"], settings)
    quota = fields.get("quota", "").strip()
    return Row(
        line,
        address_of(fields["address"]),
        fields["password"],
        fields.get("name", "").strip(),
        octets_of(quota) if quota else None,
    )


def _why(error: Refused) -> str:
    # a password is never said
    if isinstance(error, PasswordTooShort):
        return f"the password has fewer than {error.args[0]} characters"
    if isinstance(error, PasswordTooLong):
        return f"the password has more than {error.args[0]} octets"
    if isinstance(error, BadAddress | BadSize):
        return f"'{error.args[0]}': {error.args[1]}"
    return str(error.args[0])
