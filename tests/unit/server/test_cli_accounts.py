"""The verbs of domains, accounts, aliases and groups: on a store that nobody serves, and on a running server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from posthouse.server.cli import posthouse
from tests.served import Served

PASSWORD = "correct horse battery"


class House:
    """A server that was set up and does not run."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        set_up = ["init", "--dir", str(directory), "--domain", "example.org", "--admin", "admin@example.org"]
        assert self._invoke([*set_up, "--password-stdin", "--unprivileged", "--yes"], PASSWORD).exit_code == 0

    def run(self, *arguments: str, say: str = "") -> Result:
        return self._invoke(["--config", str(self.directory / "posthouse.toml"), *arguments], say)

    def done(self, *arguments: str, say: str = "") -> str:
        """What a verb prints that is to succeed."""
        result = self.run(*arguments, say=say)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str, say: str = "") -> Any:
        return json.loads(self.done(*arguments, "--json", say=say))

    def refusal(self, *arguments: str, say: str = "") -> str:
        """What a verb says that is to fail."""
        result = self.run(*arguments, say=say)
        assert result.exit_code == 1, result.output
        return result.stderr

    def _invoke(self, arguments: list[str], say: str) -> Result:
        return CliRunner().invoke(posthouse, arguments, input=say + "\n")


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


def test_quotas(house: House) -> None:
    assert house.json("account", "quota", "admin@example.org", "1 MB", "--messages", "10") == {
        "address": "admin@example.org",
        "messages": 0,
        "quota_messages": 10,
        "octets": 0,
        "quota_octets": 1_000_000,
    }
    assert house.json("account", "quota", "admin@example.org", "none")["quota_messages"] == 10
    assert house.run("account", "quota", "admin@example.org", "much").exit_code == 2
    house.done("domain", "change", "example.org", "--accounts", "1", "--account-quota", "1GB", "--quota", "10 GB")
    shown = house.json("domain", "show", "example.org")
    assert (shown["quota_accounts"], shown["account_quota_octets"], shown["quota_octets"]) == (1, 10**9, 10**10)
    refused = house.refusal("account", "add", "b@example.org", "--password-stdin", say=PASSWORD)
    assert refused == "posthouse: example.org may have 1 accounts and no more\n"


def test_app_passwords(house: House) -> None:
    made = house.json("account", "app-password", "add", "admin@example.org", "phone")
    assert len(made["password"]) == 19
    assert house.refusal("account", "app-password", "add", "admin@example.org", "phone") == (
        "posthouse: there is an app password called phone\n"
    )
    assert [row["name"] for row in house.json("account", "app-password", "list", "admin@example.org")] == ["phone"]
    house.done("account", "app-password", "delete", "admin@example.org", "phone")
    assert house.json("account", "app-password", "list", "admin@example.org") == []


def test_domains(house: House) -> None:
    house.done("domain", "add", "b.example", "--postmaster", "admin@example.org")
    house.done("domain", "alias", "c.example", "example.org")
    house.done("domain", "change", "b.example", "--disable", "--catch-all", "admin@example.org")
    rows = {row["name"]: row for row in house.json("domain", "list")}
    assert rows["c.example"]["alias_of"] == "example.org"
    assert (rows["b.example"]["enabled"], rows["b.example"]["catch_all"]) == (False, "admin@example.org")
    assert house.refusal("domain", "delete", "b.example") == "posthouse: b.example still has addresses\n"
    for role in ("postmaster", "abuse"):
        house.done("alias", "delete", f"{role}@b.example")
    house.done("domain", "delete", "b.example")
    assert house.refusal("domain", "show", "b.example") == "posthouse: no such domain: b.example\n"


def test_aliases_and_groups(house: House) -> None:
    house.done("alias", "add", "info@example.org", "admin@example.org")
    assert house.refusal("alias", "add", "x@example.org", "y@example.net") == (
        "posthouse: y@example.net is no address of ours\n"
    )
    assert {row["address"] for row in house.json("alias", "list")} == {
        f"{name}@example.org" for name in ("abuse", "info", "postmaster")
    }
    house.done("group", "add", "team@example.org", "admin@example.org", "--posting", "members")
    house.done("group", "change", "team@example.org", "--add", "info@example.org", "--name", "Team")
    (row,) = house.json("group", "list")
    assert row["members"] == ["admin@example.org", "info@example.org"]
    assert "Team" in house.done("group", "show", "team@example.org")
    house.done("group", "delete", "team@example.org")
    assert house.json("group", "list") == []


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
    served.cli("account", "lock", "ann@example.org")
    with pytest.raises(LoginError):
        log_in("another password")
