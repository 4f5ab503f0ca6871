"""The command line's verbs for domains, aliases, groups and where their mail goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.server.cli_house import PASSWORD, House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "house")


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
    assert house.refusal("alias", "add", "x@example.org", "y@example.org") == (
        "posthouse: y@example.org is no address of ours\n"
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


def test_daily_recipients(house: House) -> None:
    quota = ("account", "quota", "admin@example.org")
    for given, kept, shown in (("50", 50, "50"), ("none", 0, "none"), ("default", None, "default")):
        assert house.json(*quota, "--daily-recipients", given)["daily_recipients"] == kept
        assert f"daily recipients  {shown}\n" in house.done(*quota)
        assert f"daily recipients  {shown}\n" in house.done("account", "show", "admin@example.org")
    assert house.run(*quota, "--daily-recipients", "few").exit_code == 2


def test_forwarding(house: House) -> None:
    forward = ("account", "forward", "admin@example.org")
    assert house.done(*forward) == "address        admin@example.org\nforward to\nforward keeps  yes\n"
    assert house.json(*forward, "--to", "a@Elsewhere.net", "--to", "b@elsewhere.net") == {
        "address": "admin@example.org",
        "forward_to": ["a@elsewhere.net", "b@elsewhere.net"],
        "forward_keeps": True,
    }
    assert house.done(*forward, "--to", "c@elsewhere.net", "--no-copy") == (
        "address        admin@example.org\nforward to     c@elsewhere.net\nforward keeps  no\n"
    )
    shown = house.json("account", "show", "admin@example.org")
    assert (shown["forward_to"], shown["forward_keeps"]) == (["c@elsewhere.net"], False)
    for to, said in (
        ("x@example.org", "x@example.org is no address of ours"),
        ("admin@example.org", "admin@example.org would lead back to itself"),
        ("postmaster", "'postmaster' is no address: an address has an @"),
    ):
        assert house.refusal(*forward, "--to", to) == f"posthouse: {said}\n"
    for wrong in (("--off", "--to", "a@elsewhere.net"), ("--no-copy",)):
        assert house.run(*forward, *wrong).exit_code == 2
    assert house.json(*forward, "--off")["forward_to"] == []


def test_delegates(house: House) -> None:
    house.done("account", "add", "ann@example.org", "--password-stdin", say=PASSWORD)
    delegate = ("account", "delegate", "admin@example.org")
    assert house.json(*delegate, "--add", "Ann@example.org")["delegates"] == ["ann@example.org"]
    assert house.done(*delegate) == "address    admin@example.org\ndelegates  ann@example.org\n"
    said = house.refusal(*delegate, "--add", "x@elsewhere.net")
    assert said == "posthouse: x@elsewhere.net is no address of ours\n"
    assert house.json(*delegate, "--remove", "ann@example.org")["delegates"] == []


def test_outside_addresses_and_owners(house: House) -> None:
    assert house.json("alias", "add", "sales@example.org", "a@elsewhere.net") == {"address": "sales@example.org"}
    team = ("team@example.org", "admin@example.org", "b@elsewhere.net")
    house.done("group", "add", *team, "--owner", "Admin@example.org", "--send-as")
    shown = house.json("group", "show", "team@example.org")
    assert (shown["owner"], shown["send_as"], shown["members"]) == ("admin@example.org", True, list(team[1:]))
    change = ("group", "change", "team@example.org")
    assert house.refusal(*change, "--owner", "a@elsewhere.net") == (
        "posthouse: a@elsewhere.net is no address of ours\n"
    )
    assert house.refusal(*change, "--owner", "team@example.org") == (
        "posthouse: team@example.org is a group, which cannot own one\n"
    )
    house.done(*change, "--owner", "none", "--no-send-as")
    (row,) = house.json("group", "list")
    assert (row["owner"], row["send_as"]) == (None, False)


def test_the_smart_host_of_a_domain(house: House) -> None:
    change = ("domain", "change", "example.org")
    login = ("--smart-host", "Relay.Example.net:465", "--smart-host-login", "ann")
    house.done(*change, *login, "--source-address", "203.0.113.1", "--source-address", "2001:DB8::1", say="s3cret")
    shown = house.json("domain", "show", "example.org")
    assert shown["smart_host"] == {
        "host": "relay.example.net",
        "port": 465,
        "name": "ann",
        "password": "",
        "implicit_tls": True,
        "plain": False,
    }
    assert shown["source_addresses"] == ["203.0.113.1", "2001:db8::1"]
    assert "relay.example.net:465 as ann" in house.done("domain", "show", "example.org")
    for verb in (("domain", "list", "--json"), ("domain", "show", "example.org"), ("domain", "list")):
        assert "s3cret" not in house.done(*verb)
    house.done(*change, "--smart-host", "none", "--source-address", "none")
    shown = house.json("domain", "show", "example.org")
    assert (shown["smart_host"], shown["source_addresses"]) == (None, [])
    assert "is no host" in house.refusal(*change, "--smart-host", "a host")
    assert "is no host" in house.refusal(*change, "--smart-host", "relay.net:x")
    assert "is no host" in house.refusal(*change, "--source-address", "here")
    assert house.refusal(*change, "--smart-host-login", "ann") == "posthouse: give --smart-host, too\n"
    assert "empty" in house.refusal(*change, *login, say="")
