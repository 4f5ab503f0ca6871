"""The command line's frame: verbs, tables, JSON, errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner, Result

from posthouse import __version__
from posthouse.server.cli import VERBS, posthouse
from posthouse.server.cli.context import Group, Invocation
from posthouse.server.cli.output import Column, plain, progress, show_done, show_record, show_table
from posthouse.storage.contract import Refused, StoreUnavailable


class Row(msgspec.Struct, array_like=True):
    """A record as the store has them."""

    name: str
    size: int
    is_open: bool = True
    key: bytes = b"\x01"
    tags: tuple[str, ...] = ("a", "b")
    gone: str | None = None


ROWS = [Row("first" * 40, 1), Row("second", 2, is_open=False)]


@click.group(cls=Group)
def thing() -> None:
    """Things."""


@thing.command("list")
def list_things() -> None:
    show_table(ROWS, ["name", Column("size", "octets", lambda size: f"{size} B"), "is_open", "tags", "gone"])


@thing.command("show")
def show_thing() -> None:
    show_record(ROWS[1])


@thing.command("make")
def make_thing() -> None:
    show_done("made", {"name": "first"})


@thing.command("refuse")
def refuse() -> None:
    raise Refused("there is no such thing")


@thing.command("wait")
def wait() -> None:
    raise StoreUnavailable("disk full")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(thing, arguments, obj=Invocation())


def test_a_table_shows_everything_also_when_it_is_wide() -> None:
    first, second, third = run("list").stdout.splitlines()
    assert first.split() == ["name", "octets", "is", "open", "tags", "gone"]
    assert second.split() == ["first" * 40, "1", "B", "yes", "a,", "b"]
    assert third.split() == ["second", "2", "B", "no", "a,", "b"]


def test_json_has_all_fields_by_name() -> None:
    found = json.loads(run("list", "--json").stdout)
    assert found[1] == {
        "name": "second", "size": 2, "is_open": False, "key": "01", "tags": ["a", "b"], "gone": None,
    }  # fmt: skip
    assert json.loads(run("show", "--json").stdout) == found[1]
    assert json.loads(run("make", "--json").stdout) == {"name": "first"}


def test_a_record_is_a_field_a_line() -> None:
    assert "size     2\n" in run("show").stdout
    assert run("make").stdout == "made\n"


@pytest.mark.parametrize(
    ("verb", "message"),
    [
        ("refuse", "posthouse: there is no such thing\n"),
        ("wait", "posthouse: the store cannot answer now: disk full\n"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_a_status(verb: str, message: str) -> None:
    result = run(verb)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", message)


def test_progress_is_silent_without_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with progress("working", 2) as advance:
        advance(2)
    assert capfd.readouterr() == ("", "")


def test_plain_takes_records_apart() -> None:
    assert plain({1: [Row("x", 1)]}) == {
        "1": [{"name": "x", "size": 1, "is_open": True, "key": "01", "tags": ["a", "b"], "gone": None}]
    }


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_there_and_says_what_it_does(verb: str) -> None:
    result = CliRunner().invoke(posthouse, [verb, "--help"])
    assert result.exit_code == 0, result.output


def test_an_unknown_verb_is_one_line() -> None:
    result = CliRunner().invoke(posthouse, ["frobnicate"])
    assert result.exit_code == 2
    assert "there is no verb 'frobnicate'" in result.stderr


def test_the_version() -> None:
    assert CliRunner().invoke(posthouse, ["--version"]).stdout == f"posthouse {__version__}\n"


def test_help_imports_no_verb_and_no_network() -> None:
    script = (
        "import sys; from posthouse.server.cli import posthouse\n"
        "posthouse.main(['--help'], standalone_mode=False)\n"
        "print([name for name in ('twisted', 'rich', 'lmdb', 'uvloop', 'cryptography') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_config_check_names_mistakes_and_show_prints_values(tmp_path: Path) -> None:
    file = tmp_path / "posthouse.toml"
    file.write_text("server.workers = 3\n")
    options = ["--config", str(file), "config"]
    assert CliRunner().invoke(posthouse, [*options, "check"]).exit_code == 0
    shown = json.loads(CliRunner().invoke(posthouse, [*options, "show", "--json"]).stdout)
    assert shown["server"]["workers"] == 3
    text = CliRunner().invoke(posthouse, [*options, "show"]).stdout
    file.write_text(text)
    assert json.loads(CliRunner().invoke(posthouse, [*options, "show", "--json"]).stdout) == shown
    file.write_text("server.workrs = 3\n")
    result = CliRunner().invoke(posthouse, [*options, "check"])
    assert result.exit_code == 1
    assert result.stderr == f"posthouse: {file}:1: unknown key 'server.workrs'; did you mean 'workers'?\n"


def test_without_a_configuration_the_command_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POSTHOUSE_CONFIG", raising=False)
    result = CliRunner().invoke(posthouse, ["status"])
    assert result.exit_code == 1
    assert "give --config FILE or run posthouse init" in result.stderr
