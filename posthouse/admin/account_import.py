"""Many accounts from a CSV file: all rows are looked at before the first is added, and hashed on every core."""

from __future__ import annotations

import asyncio
import csv
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec

from posthouse.admin.account import Wanted, new_account
from posthouse.admin.names import BadAddress, BadName, address_of, has_control_characters, name_of
from posthouse.admin.sizes import BadSize, octets_of
from posthouse.core.accounts.accounts import add_accounts
from posthouse.core.accounts.domains import list_domains
from posthouse.core.accounts.lookup import taken_addresses
from posthouse.core.authentication.passwords import PasswordTooLong, PasswordTooShort, check_policy, derive_scram
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.formats.address import canonical_local, parse_address
from posthouse.storage.contract import Refused, Store

COLUMNS = ("address", "password", "name", "quota")
BATCH = 100  # accounts added in one transaction


class BadRows(Refused):
    """args: one line for every fault, "line N: what is wrong"."""


class Row(msgspec.Struct, frozen=True):
    """One account to add, from the line of the file where it begins; `quota` as in Wanted."""

    line: int
    address: str
    password: str
    name: str
    quota: int | msgspec.UnsetType | None


def read_rows(lines: Iterable[str], settings: AuthenticationSettings) -> list[Row]:
    """The rows of a file with a header of COLUMNS, the last two of which may be missing or empty; raises BadRows."""
    records = _records(lines)
    _, header = next(records, (1, []))
    if not set(COLUMNS[:2]) <= set(header) <= set(COLUMNS) or len(set(header)) < len(header):
        raise BadRows(f"line 1: expected the columns {','.join(COLUMNS)}")
    rows: list[Row] = []
    faults: list[str] = []
    seen: set[tuple[str, str]] = set()
    try:
        for line, fields in records:
            try:
                row = _row(line, header, fields, settings)
            except Refused as error:
                faults.append(f"line {line}: {_why(error)}")
                continue
            address = parse_address(row.address)
            key = (canonical_local(address.local), address.domain)
            if key in seen:
                faults.append(f"line {line}: {row.address} stands there twice")
            seen.add(key)
            rows.append(row)
    except BadRows as broken:
        faults.extend(broken.args)
    if faults:
        raise BadRows(*faults)
    return rows


async def add_rows(
    store: Store, rows: list[Row], settings: AuthenticationSettings, now: int, done: Callable[[int], None]
) -> int:
    """Add them all; how many. `done` hears how many more were.

    Raises BadRows, having added none, when one of them cannot be. Only SCRAM keys are derived: argon2id, five times as
    much work, is for each one's first login (decision 0006).
    """
    await _check(store, rows)
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        for at in range(0, len(rows), BATCH):
            batch = rows[at : at + BATCH]
            keys = await asyncio.gather(
                *(loop.run_in_executor(executor, derive_scram, row.password, settings) for row in batch)
            )
            wanted = [Wanted(row.address, row.name, row.password, row.quota) for row in batch]
            new = [new_account(each, key) for each, key in zip(wanted, keys, strict=True)]
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


def _records(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """(line where it begins, fields) of each record that is not empty; raises BadRows where it is no CSV."""
    reader = csv.reader(lines, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise BadRows(f"line {line}: this is no CSV: {error}") from None
        if fields is None:
            return
        if fields:
            yield line, fields


def _row(line: int, header: list[str], values: list[str], settings: AuthenticationSettings) -> Row:
    if len(values) > len(header):
        raise BadRows("there are more fields than columns")
    if any(map(has_control_characters, values)):
        # a quote that was opened by mistake must not make passwords of other rows part of a name
        raise BadRows("a field goes over the end of its line or has control characters")
    fields = {**dict.fromkeys(COLUMNS, ""), **dict(zip(header, values, strict=False))}
    check_policy(fields["password"], settings)
    quota = fields["quota"].strip()
    return Row(
        line,
        address_of(fields["address"]),
        fields["password"],
        name_of(fields["name"]),
        octets_of(quota) if quota else msgspec.UNSET,
    )


def _why(error: Refused) -> str:
    # a password is never said
    if isinstance(error, PasswordTooShort):
        return f"the password has fewer than {error.args[0]} characters"
    if isinstance(error, PasswordTooLong):
        return f"the password has more than {error.args[0]} octets"
    if isinstance(error, BadAddress | BadName | BadSize):
        return f"'{error.args[0]}': {error.args[1]}"
    return str(error.args[0])
