"""posthouse directory: mapped, shared, listed, and mapped no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.server.cli_house import PASSWORD, House

ANN = "ann@example.org"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is none of the server's."""
    return tmp_path_factory.mktemp("elsewhere")


def test_a_directorys_life(house: House, elsewhere: Path) -> None:
    house.done("account", "add", ANN, "--password-stdin", say=PASSWORD)
    house.done("group", "add", "team@example.org", ANN)
    plans = elsewhere / "plans"
    plans.mkdir()
    (elsewhere / "link").symlink_to(plans)
    assert house.json("directory", "list") == []
    house.done("directory", "add", "Plans", str(elsewhere / "link"))
    assert house.json("directory", "list") == [{"name": "Plans", "path": str(plans), "whom": "", "rights": ""}]
    for whom, rights in ((ANN, "write"), ("team@example.org", "read"), ("anyone", "lri")):
        house.done("directory", "share", "Plans", whom, rights)
    listed = [(each["whom"], each["rights"]) for each in house.json("directory", "list")]
    assert listed == [(ANN, "write"), ("anyone", "lri"), ("team@example.org", "read")]
    house.done("directory", "share", "Plans", "anyone", "none")
    house.done("group", "delete", "team@example.org")
    assert [each["whom"] for each in house.json("directory", "list")] == [ANN]
    house.done("directory", "remove", "Plans")
    assert house.json("directory", "list") == []
    assert plans.is_dir()


def test_what_is_refused_says_why(house: House, elsewhere: Path) -> None:
    (elsewhere / "file").touch()
    own = Path(house.json("config", "show")["server"]["directory"])
    for path, why in (
        ("plans", "must begin with a slash"),
        (str(elsewhere / "none"), "there is no such directory"),
        (str(elsewhere / "file"), "there is no such directory"),
        ("/", "this server's own files"),
        (str(own), "this server's own files"),
        (str(own / "store"), "this server's own files"),
    ):
        assert why in house.refusal("directory", "add", "x", path), path
    plans = elsewhere / "plans"
    plans.mkdir()
    assert "nothing can be called 'a/b'" in house.refusal("directory", "add", "a/b", str(plans))
    house.done("directory", "add", "x", str(plans))
    assert "there is a directory x" in house.refusal("directory", "add", "x", str(plans))
    assert "no directory y is mapped" in house.refusal("directory", "share", "y", ANN, "read")
    assert "nobody to share with" in house.refusal("directory", "share", "x", "nobody@example.org", "read")
    assert "neither a preset" in house.refusal("directory", "share", "x", "anyone", "q")
    assert "no directory y is mapped" in house.refusal("directory", "remove", "y")
