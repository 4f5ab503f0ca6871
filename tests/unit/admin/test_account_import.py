"""Accounts from a CSV file: every fault is named with its line, and then nothing is added."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from posthouse.admin.account_import import BadRows, Row, add_rows, read_rows
from posthouse.core.accounts.accounts import list_accounts
from posthouse.core.accounts.domains import DomainChange, add_domain, change_domain
from posthouse.core.authentication.credentials import read_credentials
from posthouse.core.authentication.passwords import check
from posthouse.storage.contract import Store
from posthouse.storage.memory import MemoryStore
from tests.unit.imap.world import AUTHENTICATION, NOW

HEADER = "address,password,name,quota"


def faults(*lines: str, header: str = HEADER) -> tuple[str, ...]:
    with pytest.raises(BadRows) as refused:
        read_rows([line + "\n" for line in (header, *lines)], AUTHENTICATION)
    return refused.value.args


async def opened() -> Store:
    store = MemoryStore()
    await store.write(add_domain, "example.org", None, NOW)
    return store


def test_rows() -> None:
    lines = [
        "Ann@Example.ORG,long enough,Ann Ash,5 GB",
        '"b@example.org","pass,word ""x""",,',
        "",
        "c@example.org,12345678",
    ]
    assert read_rows([HEADER, *lines], AUTHENTICATION) == [
        Row(2, "Ann@example.org", "long enough", "Ann Ash", 5_000_000_000),
        Row(3, "b@example.org", 'pass,word "x"', "", UNSET),
        Row(5, "c@example.org", "12345678", "", UNSET),
    ]
    (row,) = read_rows(["password,address", "long enough,a@b.org"], AUTHENTICATION)
    assert row.address == "a@b.org"


def test_faults_have_lines_and_no_passwords() -> None:
    said = faults(
        "x,secret", "a@b.org,long enough,,huge", "a@b.org,long enough", "A@b.org,long enough", "a@b.c,1,2,3,4"
    )
    assert said == (
        "line 2: the password has fewer than 8 characters",
        'line 3: \'huge\': a size is written like "500 MB", "2 GiB" or "none"',
        "line 5: A@b.org stands there twice",
        "line 6: there are more fields than columns",
    )
    long_name = f"a@b.org,long enough,{'x' * 256}"
    assert faults(long_name) == (f"line 2: '{'x' * 40}': it has more than 255 characters",)
    assert faults("nobody,long enough") == ("line 2: 'nobody': an address has an @",)
    assert faults(header="address,name") == ("line 1: expected the columns address,password,name,quota",)
    assert faults(header="address,password,colour") == ("line 1: expected the columns address,password,name,quota",)


def test_one_row_is_never_part_of_another() -> None:
    open_quote = ('a@b.org,long enough,"Ann', "b@b.org,another secret,Bob")
    assert faults("x", *open_quote) == (
        "line 2: the password has fewer than 8 characters",
        "line 3: this is no CSV: unexpected end of data",
    )
    assert faults(*open_quote, 'c@b.org,long enough,"C"') == ("line 2: this is no CSV: ',' expected after '\"'",)
    assert faults("", *open_quote, '"') == ("line 3: a field goes over the end of its line or has control characters",)
    assert faults("a@b.org,long\0enough") == (
        "line 2: a field goes over the end of its line or has control characters",
    )
    assert faults("a@b.org,long enough," + "x" * 200_000) == (
        "line 2: this is no CSV: field larger than field limit (131072)",
    )


def test_equal_addresses_and_columns_are_found_before_anything_is_added() -> None:
    assert faults("straße@b.org,long enough", "STRASSE@B.org,long enough") == (
        "line 3: STRASSE@b.org stands there twice",
    )
    assert faults(header="address,password,address") == ("line 1: expected the columns address,password,name,quota",)


async def test_no_quota_is_not_the_domains_quota() -> None:
    store = await opened()
    await store.write(change_domain, "example.org", DomainChange(account_quota_octets=7))
    lines = [HEADER, "a@example.org,long enough,,", "b@example.org,long enough,,none", "c@example.org,long enough,,9"]
    await add_rows(store, read_rows(lines, AUTHENTICATION), AUTHENTICATION, NOW, lambda _: None)
    found = await store.read(list_accounts, "example.org", 0, 10)
    assert [account.quota_octets for account in found] == [7, None, 9]


async def test_all_are_added_in_batches() -> None:
    store = await opened()
    done: list[int] = []
    rows = [Row(n, f"u{n}@example.org", "long enough", f"U {n}", n) for n in range(250)]
    assert await add_rows(store, rows, AUTHENTICATION, NOW, done.append) == 250
    assert done == [100, 100, 50]
    found = await store.read(list_accounts, "example.org", 0, 1000)
    assert [(account.address, account.name, account.quota_octets) for account in found] == [
        (row.address, row.name, row.quota) for row in rows
    ]


async def test_an_import_leaves_argon2_to_the_first_login() -> None:
    store = await opened()
    lines = [HEADER, "a@example.org,long enough,,"]
    await add_rows(store, read_rows(lines, AUTHENTICATION), AUTHENTICATION, NOW, lambda _: None)
    kept = (await store.read(read_credentials, 1)).password
    assert kept is not None
    assert kept.argon2 is None
    assert check(kept, "long enough", AUTHENTICATION)
    assert check(kept, "another one", AUTHENTICATION) is None


async def test_nothing_is_added_when_one_cannot_be() -> None:
    store = await opened()
    await add_rows(store, [Row(2, "a@example.org", "long enough", "", UNSET)], AUTHENTICATION, NOW, lambda _: None)
    rows = [
        Row(2, "b@example.org", "x", "", UNSET),
        Row(3, "A@example.org", "x", "", UNSET),
        Row(4, "c@b.org", "x", "", UNSET),
    ]
    with pytest.raises(BadRows) as refused:
        await add_rows(store, rows, AUTHENTICATION, NOW, lambda _: None)
    assert refused.value.args == ("line 3: A@example.org is taken", "line 4: b.org is no domain of ours")
    await store.write(change_domain, "example.org", DomainChange(quota_accounts=1))
    with pytest.raises(BadRows) as refused:
        await add_rows(store, rows[:1], AUTHENTICATION, NOW, lambda _: None)
    assert refused.value.args == ("example.org may have 1 accounts and has 1",)
    assert len(await store.read(list_accounts, None, 0, 10)) == 1
