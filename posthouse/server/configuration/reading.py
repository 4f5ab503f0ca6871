"""From a TOML file to the tree; every mistake is named with its line and what was meant or expected."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from posthouse.server.configuration.kinds import Setting, settings_of
from posthouse.server.configuration.lines import find_lines
from posthouse.server.configuration.problems import ConfigurationError, Problem
from posthouse.server.configuration.tree import Configuration

_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def read_configuration(file: Path) -> Configuration:
    """The configuration in `file`; raises ConfigurationError with all that is wrong."""
    try:
        document = file.read_bytes().decode()
    except OSError as error:
        raise ConfigurationError((Problem(str(file), 0, error.strerror or str(error)),)) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigurationError((Problem(str(file), line, "this is not UTF-8"),)) from None
    return parse_configuration(document, str(file), file.absolute().parent)


def parse_configuration(document: str, name: str, folder: Path) -> Configuration:
    """The configuration that `document` says; `name` stands in messages, relative paths begin at `folder`."""
    document = document.replace("\r\n", "\n")
    try:
        given = tomllib.loads(document)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError((_syntax_problem(error, document, name),)) from None
    judge = _Judge(name, find_lines(document))
    whole = judge.table(Configuration, given, {}, ())
    if not judge.problems:
        try:
            configuration = msgspec.convert(whole, Configuration, strict=True)
        except msgspec.ValidationError as error:  # a rule over several settings (__post_init__)
            judge.problems.append(Problem(name, 0, str(error)))
    if judge.problems:
        raise ConfigurationError(tuple(sorted(judge.problems, key=lambda problem: problem.line)))
    server = msgspec.structs.replace(configuration.server, directory=str(folder / configuration.server.directory))
    return msgspec.structs.replace(configuration, server=server)


def _syntax_problem(error: tomllib.TOMLDecodeError, document: str, name: str) -> Problem:
    message = str(error)
    place = _TOML_PLACE.search(message)
    if place is None:
        return Problem(name, 0, message)
    line = int(place[1]) if place[1] else document.rstrip("\n").count("\n") + 1
    return Problem(name, line, f"not valid TOML: {message[: place.start()]}")


class _Judge:
    """Compares what was given with what is declared."""

    def __init__(self, name: str, lines: dict[tuple[str | int, ...], int]) -> None:
        self.problems: list[Problem] = []
        self._name = name
        self._lines = lines

    def table(
        self, declared: type[Struct], given: dict[str, Any], defaults: dict[str, Any], path: tuple[str | int, ...]
    ) -> dict[str, Any]:
        """`given` over `defaults`, all of it builtins; mistakes go to `problems`."""
        settings = {setting.name: setting for setting in settings_of(declared)}
        whole = dict(defaults)
        for key, value in given.items():
            setting = settings.get(key)
            if setting is None:
                self._report((*path, key), _unknown(key, path, list(settings)))
            elif not setting.is_table:
                whole[key] = value
                self._judge(setting, value, (*path, key))
            elif isinstance(value, dict):
                default = whole.get(key) or msgspec.to_builtins(setting.default)
                whole[key] = self.table(setting.kind, value, default, (*path, key))
            else:
                self._report((*path, key), f"'{_dotted((*path, key))}' is a table: write [{_dotted((*path, key))}]")
        for setting in settings.values():
            if setting.name not in whole and setting.default is msgspec.NODEFAULT:
                self._report(path, f"'{_dotted((*path, setting.name))}' is missing")
        return whole

    def _judge(self, setting: Setting, value: Any, path: tuple[str | int, ...]) -> None:
        if not setting.accepts(value):
            self._report(path, f"'{_dotted(path)}' is {_shown(value, setting)}; expected {setting.words}")

    def _report(self, path: tuple[str | int, ...], message: str) -> None:
        at = path
        while at and at not in self._lines:
            at = at[:-1]
        self.problems.append(Problem(self._name, self._lines.get(at, 0), message))


def _unknown(key: str, path: tuple[str | int, ...], known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else f"; known here: {', '.join(sorted(known))}"
    return f"unknown key '{_dotted((*path, key))}'{hint}"


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in path)


def _shown(value: Any, setting: Setting) -> str:
    if setting.is_secret:
        return "not of the right kind"
    shown = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
