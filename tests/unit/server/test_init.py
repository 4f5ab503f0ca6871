"""`posthouse init`: a whole server from nothing, and nothing left of one that was refused."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from posthouse.core.accounts.lookup import find_login
from posthouse.server.cli import posthouse
from posthouse.server.configuration import read_configuration
from posthouse.server.configuration.tree import places
from posthouse.server.setting_up.records import usual_ports, wanted_records
from posthouse.server.settings import PORTS
from posthouse.storage.lmdb.local import LocalStore


def init(directory: Path, *more: str, password: str = "correct horse", admin: str = "ann@example.org") -> Result:
    arguments = ["init", "--dir", str(directory), "--domain", "example.org", "--admin", admin, "--password-stdin"]
    return CliRunner().invoke(posthouse, [*arguments, "--yes", *more], input=password + "\n")


def test_everything_lies_under_the_folder(tmp_path: Path) -> None:
    result = init(tmp_path / "new", "--unprivileged", "--json")
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)
    assert made["configuration"] == str(tmp_path / "new" / "posthouse.toml")
    assert {(record["name"], record["type"]) for record in made["dns"]} >= {
        ("mail.example.org.", "A"),
        ("example.org.", "MX"),
        ("example.org.", "TXT"),
    }
    configuration = read_configuration(tmp_path / "new" / "posthouse.toml")
    for name, port in PORTS.items():
        assert getattr(configuration.listeners, name).port == port.unprivileged
        assert getattr(configuration.listeners, name).tls == port.tls
    assert (tmp_path / "new" / "keys" / "key.pem").stat().st_mode & 0o077 == 0
    assert configuration.server.hostname == "mail.example.org"


@pytest.mark.parametrize("admin", ["ann@example.org", "postmaster@example.org"])
def test_every_domain_has_a_postmaster(tmp_path: Path, admin: str) -> None:
    assert init(tmp_path / "new", admin=admin).exit_code == 0
    configuration = read_configuration(tmp_path / "new" / "posthouse.toml")
    store = LocalStore.open(places(configuration).store, configuration.store)
    try:
        found = [asyncio.run(store.read(find_login, f"{name}@example.org")) for name in ("postmaster", "abuse")]
    finally:
        store.close()
    assert [account and account.address for account in found] == [admin, admin]


def test_it_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    result = init(tmp_path)
    assert result.exit_code == 1
    assert result.stderr == f"posthouse: {tmp_path}/store exists; init overwrites nothing\n"
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"password": "short"}, "the password has fewer than 8 characters"),
        ({"password": ""}, "the password is empty"),
        ({"admin": "ann@example.net"}, "no such domain: example.net"),
    ],
)
def test_what_is_refused_leaves_nothing(tmp_path: Path, change: dict[str, str], message: str) -> None:
    result = init(tmp_path, **change)
    assert (result.exit_code, result.stderr) == (1, f"posthouse: {message}\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--hostname", "my server"), "'my server' is no domain: not a domain name"),
        (("--user", "nobody-of-this-name"), "there is no user 'nobody-of-this-name'"),
    ],
)
def test_an_option_that_is_refused_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: tuple[str, str], message: str
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)  # only root can give the files to a user
    result = init(tmp_path, *option)
    assert (result.exit_code, result.stderr) == (1, f"posthouse: {message}\n")
    assert list(tmp_path.iterdir()) == []


def test_unattended_needs_all_flags(tmp_path: Path) -> None:
    result = CliRunner().invoke(posthouse, ["init", "--dir", str(tmp_path), "--yes"])
    assert result.exit_code == 1
    assert "--domain" in result.stderr


def test_attended_it_asks(tmp_path: Path) -> None:
    answers = f"{tmp_path / 'new'}\nexample.org\n\ncorrect horse\ncorrect horse\ny\n"
    result = CliRunner().invoke(posthouse, ["init", "--host", "127.0.0.1"], input=answers)
    assert result.exit_code == 0, result.output
    assert "postmaster@example.org is the administrator" in result.stdout
    configuration = read_configuration(tmp_path / "new" / "posthouse.toml")
    assert configuration.listeners.imaps.hosts == ("127.0.0.1",)
    assert configuration.listeners.imaps.port == 993


def test_service_records_name_the_ports_in_use() -> None:
    ports = usual_ports(unprivileged=True)
    records = {record.name: record.value for record in wanted_records("a.org", "mail.a.org", ports)}
    assert records["_imaps._tcp.a.org."] == "0 1 2993 mail.a.org."
