"""The verbs of accounts and passwords: on a store that nobody serves, and on a running server."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from posthouse.server.configuration import read_configuration
from posthouse.server.configuration.tree import places
from posthouse.storage.contract import WriteTransaction, operation
from posthouse.storage.lmdb.local import LocalStore
from posthouse.storage.schema import KEY
from tests.served import COMMAND, Served
from tests.unit.server.cli_house import PASSWORD, House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "house")


def test_an_account_from_first_to_last(house: House) -> None:
    add = ("account", "add", "ann@example.org", "--name", "Ann", "--quota", "2 GB", "--password-stdin")
    assert house.json(*add, say=PASSWORD) == {"address": "ann@example.org"}
    assert house.refusal(*add, say=PASSWORD) == "posthouse: ann@example.org is taken: it is an account\n"
    shown = house.json("account", "show", "ann@example.org")
    assert (shown["name"], shown["status"], shown["quota_octets"]) == ("Ann", "enabled", 2_000_000_000)
    for verb, status in (("disable", "disabled"), ("lock", "locked"), ("enable", "enabled")):
        house.done("account", verb, "ann@example.org")
        assert house.json("account", "show", "ann@example.org")["status"] == status
    house.done("account", "rename", "ann@example.org", "Ann Ash")
    house.done("account", "password", "ann@example.org", "--password-stdin", say="another password")
    assert house.refusal("account", "password", "ann@example.org", "--password-stdin", say="short") == (
        "posthouse: the password has fewer than 8 characters\n"
    )
    assert [row["name"] for row in house.json("account", "list", "--domain", "example.org")] == ["", "Ann Ash"]
    assert house.run("account", "delete", "ann@example.org", say="n").exit_code == 1
    house.done("account", "delete", "ann@example.org", "--yes")
    assert house.refusal("account", "show", "ann@example.org") == "posthouse: no such account: ann@example.org\n"


@operation
def age_schema(txn: WriteTransaction) -> None:
    txn.put(KEY, (0).to_bytes(4, "big"))


def test_what_is_logged_is_no_part_of_what_is_printed(house: House) -> None:
    configuration = read_configuration(house.directory / "posthouse.toml")
    store = LocalStore.open(places(configuration).store, configuration.store)
    asyncio.run(store.write(age_schema))
    store.close()
    result = house.run("account", "list", "--json")
    assert [found["address"] for found in json.loads(result.stdout)] == ["admin@example.org"]
    assert "migrating" in result.stderr


def test_quotas(house: House) -> None:
    assert house.json("account", "quota", "admin@example.org", "1 MB", "--messages", "10") == {
        "address": "admin@example.org",
        "messages": 0,
        "quota_messages": 10,
        "octets": 0,
        "quota_octets": 1_000_000,
        "sent_today": 0,
        "daily_recipients": None,
    }
    assert house.json("account", "quota", "admin@example.org", "none")["quota_messages"] == 10
    assert house.run("account", "quota", "admin@example.org", "much").exit_code == 2
    house.done("domain", "change", "example.org", "--accounts", "1", "--account-quota", "1GB", "--quota", "10 GB")
    shown = house.json("domain", "show", "example.org")
    assert (shown["quota_accounts"], shown["account_quota_octets"], shown["quota_octets"]) == (1, 10**9, 10**10)
    refused = house.refusal("account", "add", "b@example.org", "--password-stdin", say=PASSWORD)
    assert refused == "posthouse: example.org may have 1 accounts and no more\n"


def test_no_quota_is_not_the_domains_quota(house: House) -> None:
    house.done("domain", "change", "example.org", "--account-quota", "1 GB")
    for name, quota, octets in (("a", (), 10**9), ("b", ("--quota", "none"), None), ("c", ("--quota", "5"), 5)):
        house.done("account", "add", f"{name}@example.org", "--password-stdin", *quota, say=PASSWORD)
        assert house.json("account", "quota", f"{name}@example.org")["quota_octets"] == octets


def test_names_are_one_line(house: House) -> None:
    add = ("account", "add", "b@example.org", "--name", "B\nC", "--password-stdin")
    assert house.refusal(*add, say=PASSWORD) == "posthouse: 'B\\nC' is no name: it has control characters\n"
    for verb in (
        ("account", "rename", "admin@example.org", "\x1b[2J"),
        ("account", "app-password", "add", "admin@example.org", "a\0b"),
        ("group", "add", "team@example.org", "--name", "a\rb"),
    ):
        assert "is no name" in house.refusal(*verb)
    house.done("group", "add", "team@example.org")
    assert "is no name" in house.refusal("group", "change", "team@example.org", "--name", "a\u2028b")


def test_names_are_neither_too_long_nor_missing(house: House) -> None:
    rename = ("account", "rename", "admin@example.org")
    house.done(*rename, "é" * 255)
    refusal = house.refusal(*rename, "x" * 100_000)
    assert refusal.endswith("is no name: it has more than 255 characters\n")
    assert len(refusal) < 200
    house.done(*rename, "")
    for verb in ("add", "delete"):
        said = house.refusal("account", "app-password", verb, "admin@example.org", " ")
        assert said == "posthouse: '' is no name: it is empty\n"
    assert "is no name" in house.refusal("account", "app-password", "delete", "admin@example.org", "\udcff")


@pytest.mark.parametrize("limit", ["9223372036854775808", "²"])
def test_a_limit_that_is_no_number(house: House, limit: str) -> None:
    result = house.run("account", "quota", "admin@example.org", "--messages", limit)
    assert (result.exit_code, "Invalid value for '--messages'" in result.output) == (2, True)
    house.done("account", "quota", "admin@example.org", "--messages", "9223372036854775807")


@pytest.mark.parametrize("noun", ["account", "alias", "group"])
def test_a_list_of_a_domain_that_is_not_there(house: House, noun: str) -> None:
    assert house.refusal(noun, "list", "--domain", "example.con") == "posthouse: no such domain: example.con\n"


def test_a_password_is_asked_for_on_a_terminal_only(house: House) -> None:
    """A session of its own has no terminal; nothing is read from elsewhere and nothing echoed."""
    done = subprocess.run(
        [COMMAND, "--config", str(house.directory / "posthouse.toml"), "account", "add", "b@example.org"],
        input=f"{PASSWORD}\n{PASSWORD}\n",
        text=True,
        capture_output=True,
        check=False,
        start_new_session=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "posthouse: there is no terminal to ask for the password on; scripts use --password-stdin\n"


def test_a_password_that_is_no_text(house: House) -> None:
    done = subprocess.run(
        [COMMAND, "--config", str(house.directory / "posthouse.toml"), "account", "add", "b@b.c", "--password-stdin"],
        input=b"correct \xff\xfe horse\n",
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, b"posthouse: the password is not UTF-8\n")


def test_app_passwords(house: House) -> None:
    made = house.json("account", "app-password", "add", "admin@example.org", "phone")
    assert len(made["password"]) == 19
    assert house.refusal("account", "app-password", "add", "admin@example.org", "phone") == (
        "posthouse: there is an app password called phone\n"
    )
    assert [row["name"] for row in house.json("account", "app-password", "list", "admin@example.org")] == ["phone"]
    house.done("account", "app-password", "delete", "admin@example.org", "phone")
    assert house.json("account", "app-password", "list", "admin@example.org") == []


def test_weak_hashes_are_for_test_servers(house: House, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(
        "address,password,name,quota\nann@example.org,long enough,Ann,\nbob@example.org,long enough,,1 GB\n"
    )
    refused = house.refusal("account", "import", str(file), "--weak-hash-for-tests")
    assert refused == "posthouse: --weak-hash-for-tests is for test servers: server.test is not set\n"
    configuration = house.directory / "posthouse.toml"
    configuration.write_text(configuration.read_text().replace("[server]\n", "[server]\ntest = true\n"))
    assert house.json("account", "import", str(file), "--weak-hash-for-tests") == {"added": 2}
    assert house.refusal("account", "import", str(file)).splitlines()[1:] == [
        "posthouse: line 2: ann@example.org is taken",
        "posthouse: line 3: bob@example.org is taken",
    ]


@pytest.fixture
def served(tmp_path: Path) -> Any:
    server = Served(tmp_path / "served", workers=2)
    server.start()
    yield server
    server.stop()


def test_a_running_server_knows_at_once(served: Served) -> None:
    def log_in(password: str) -> None:
        with IMAPClient("127.0.0.1", served.port("imap"), ssl=False) as client:
            client.login("ann@example.org", password)

    served.cli("account", "add", "ann@example.org", "--password-stdin", "--weak-hash-for-tests", say=PASSWORD)
    for _ in range(8):  # every worker remembers it now
        log_in(PASSWORD)
    served.cli("account", "password", "ann@example.org", "--password-stdin", say="another password")
    for _ in range(8):
        with pytest.raises(LoginError):
            log_in(PASSWORD)
    log_in("another password")
    made = json.loads(served.cli("account", "app-password", "add", "ann@example.org", "phone", "--json"))
    log_in(made["password"])
    served.cli("account", "app-password", "delete", "ann@example.org", "phone")
    with pytest.raises(LoginError):
        log_in(made["password"])
    with IMAPClient("127.0.0.1", served.port("imap"), ssl=False) as client:
        client.login("ann@example.org", "another password")
        client.select_folder("INBOX")
        client.idle()
        served.cli("account", "lock", "ann@example.org")
        assert client.idle_check(timeout=30)[0][0] == b"BYE"
    with pytest.raises(LoginError):
        log_in("another password")


# somebody who presses Ctrl-C when the first accounts are in
IMPATIENT = """
import os, signal, sys
from posthouse.server.cli import account, main

signal.signal(signal.SIGINT, signal.default_int_handler)  # who was started in the background would not hear it
add_rows = account.add_rows

def add_some(store, rows, settings, now, done):
    return add_rows(store, rows, settings, now, lambda more: (done(more), os.kill(os.getpid(), signal.SIGINT)))

account.add_rows = add_some
sys.exit(main())
"""


def test_an_import_that_is_stopped_says_how_far_it_came(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    rows = "".join(f"u{number}@example.org,long enough\n" for number in range(5000))
    file.write_text("address,password\n" + rows)
    command = [sys.executable, "-c", IMPATIENT, "--config", str(served.config), "account", "import", str(file)]
    done = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    found = re.search(r"stopped after (\d+) of 5000 accounts, with line (\d+)", done.stderr)
    assert found is not None, done.stderr
    added = int(found[1])
    assert int(found[2]) == added + 1  # the header is line 1
    there = len(json.loads(served.cli("account", "list", "--json"))) - 1
    assert there in (added, added + 100)  # what was being written may have come in
