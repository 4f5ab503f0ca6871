"""The command line's verbs for what is shared."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.server.cli_house import PASSWORD, House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "house")


def test_sharing_files(house: House) -> None:
    for name in ("ann", "bob"):
        house.done("account", "add", f"{name}@example.org", "--password-stdin", say=PASSWORD)
    house.done("group", "add", "sales@example.org", "bob@example.org")
    house.done("share", "set", "ann@example.org", "bob@example.org", "read", "--file", "/")
    house.done("share", "set", "sales@example.org", "anyone", "lr", "--file", "/")
    assert house.json("share", "list", "ann@example.org") == [
        {"folder": "/", "whom": "bob@example.org", "rights": "lr", "preset": "read"}
    ]
    assert {"folder": "/", "whom": "sales@example.org", "rights": "lrswipte", "preset": "write"} in house.json(
        "share", "list", "sales@example.org"
    )
    house.done("share", "set", "ann@example.org", "bob@example.org", "none", "--file", "/")
    assert house.json("share", "list", "ann@example.org") == []
    house.done("share", "remove", "ann@example.org", "--file", "/")
    refused = house.refusal("share", "set", "ann@example.org", "bob@example.org", "read", "--file", "/docs/x")
    assert refused == "posthouse: there is no file docs/x\n"
    assert "not both" in house.run("share", "remove", "ann@example.org", "--file", "/", "--folder", "x").output


def test_sharing(house: House) -> None:
    for name in ("ann", "bob"):
        house.done("account", "add", f"{name}@example.org", "--password-stdin", say=PASSWORD)
    house.done("group", "add", "sales@example.org", "bob@example.org")
    assert house.json("share", "list", "ann@example.org") == house.json("share", "list", "sales@example.org") == []
    house.done("share", "set", "ann@example.org", "bob@example.org", "read", "--folder", "INBOX")
    house.done("share", "set", "ann@example.org", "anyone", "lrx", "--folder", "Archive")
    assert house.refusal("group", "quota", "sales@example.org").startswith(
        "posthouse: sales@example.org has no folders"
    )
    house.done("share", "set", "sales@example.org", "ann@example.org", "full")
    assert house.json("group", "quota", "sales@example.org", "1 MB", "--messages", "10") == {
        "address": "sales@example.org",
        "messages": 0,
        "quota_messages": 10,
        "octets": 0,
        "quota_octets": 1_000_000,
    }
    assert house.json("group", "quota", "sales@example.org", "none")["quota_messages"] == 10
    assert house.json("share", "list", "ann@example.org") == [
        {"folder": "Archive", "whom": "anyone", "rights": "lrx", "preset": "custom"},
        {"folder": "INBOX", "whom": "bob@example.org", "rights": "lr", "preset": "read"},
    ]
    assert house.json("share", "list", "sales@example.org") == [
        {"folder": "", "whom": "ann@example.org", "rights": "lrswipkxtea", "preset": "full"},
        {"folder": "", "whom": "sales@example.org", "rights": "lrswipte", "preset": "write"},
    ]
    house.done("share", "remove", "ann@example.org", "anyone", "--folder", "Archive")
    house.done("share", "remove", "ann@example.org", "--folder", "INBOX")
    assert house.json("share", "list", "ann@example.org") == []
    refused = house.refusal("share", "set", "ann@example.org", "nobody@example.org", "read", "--folder", "INBOX")
    assert refused == "posthouse: nobody@example.org is nobody to share with here\n"
    refused = house.refusal("share", "set", "ann@example.org", "bob@example.org", "LR", "--folder", "INBOX")
    assert refused.startswith("posthouse: 'LR' is neither a preset")
    for arguments in (("--folder", "Nothing"), ()):
        refused = house.refusal("share", "set", "ann@example.org", "bob@example.org", "read", *arguments)
        assert refused.startswith("posthouse: no such mailbox")
    assert (
        house.refusal("share", "list", "nobody@example.org") == "posthouse: nobody@example.org is no address of ours\n"
    )
    assert house.run("verify").exit_code == 0
    house.done("group", "delete", "sales@example.org")
    assert [row["address"] for row in house.json("account", "list")] == [
        "admin@example.org",
        "ann@example.org",
        "bob@example.org",
    ]
