"""posthouse share notify and notices: who is told of changes in files."""

from __future__ import annotations

from pathlib import Path

from tests.unit.server.cli_house import PASSWORD, House

ANN, BOB = "ann@example.org", "bob@example.org"


def test_who_is_told(tmp_path: Path) -> None:
    house = House(tmp_path)
    for address in (ANN, BOB):
        house.done("account", "add", address, "--password-stdin", say=PASSWORD)
    assert house.json("share", "notices", ANN) == []
    house.done("share", "notify", ANN, ANN, "/")
    assert "there is no file /" in house.refusal("share", "notify", ANN, BOB, "/")
    house.done("share", "set", ANN, BOB, "l", "--file", "/")
    assert "not enough" in house.refusal("share", "notify", ANN, BOB, "/")
    house.done("share", "set", ANN, BOB, "read", "--file", "/")
    house.done("share", "notify", ANN, BOB, "/")
    assert house.json("share", "notices", ANN) == [{"folder": "/", "whom": ANN}, {"folder": "/", "whom": BOB}]
    house.done("share", "notify", ANN, BOB, "/", "--off")
    assert [each["whom"] for each in house.json("share", "notices", ANN)] == [ANN]
    assert "no account here" in house.refusal("share", "notify", ANN, "nobody@example.org", "/")
    assert "there is no file none" in house.refusal("share", "notify", ANN, BOB, "/none")
