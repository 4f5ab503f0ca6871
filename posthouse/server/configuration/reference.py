"""The reference page of all settings and the listing of effective values, both made from the tree."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import Struct

from posthouse.server.configuration.kinds import Setting, settings_of
from posthouse.server.configuration.tree import Configuration

HIDDEN = "(hidden)"

_HEAD = """\
# Configuration

Posthouse reads one file, `posthouse.toml`. What it does not say has the default below. `posthouse config check`
names every mistake in it with its line, `posthouse config show` prints what is in effect, and `posthouse reload`
makes a running server use what was changed, without losing a connection.

This page is made from the program by `posthouse config reference`.
"""


def effective(configuration: Configuration) -> dict[str, Any]:
    """All values as builtins; secrets are hidden."""
    return _values(configuration)


def reference() -> str:
    """The reference page, as Markdown."""
    return _HEAD + "".join(_section(setting, (setting.name,)) for setting in settings_of(Configuration))


def undescribed() -> list[str]:
    """Settings that say nothing about themselves, by their dotted names; there must be none."""
    return [name for setting in settings_of(Configuration) for name in _undescribed(setting, setting.name)]


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(toml(part) for part in value)}]"
    return "" if value is msgspec.NODEFAULT or value is None else str(value)


def _values(table: Struct) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for setting in settings_of(type(table)):
        value = getattr(table, setting.name)
        if setting.is_table:
            shown[setting.name] = _values(value)
        elif setting.is_secret and value:
            shown[setting.name] = HIDDEN
        else:
            shown[setting.name] = msgspec.to_builtins(value)
    return shown


def _section(table: Setting, path: tuple[str, ...]) -> str:
    lines = [f"\n## [{'.'.join(path)}]\n\n{table.description}\n"]
    settings = list(settings_of(table.kind))
    plain = [setting for setting in settings if not setting.is_table]
    if plain:
        lines.append("\n| setting | default | what it may be | what it does |\n|---|---|---|---|\n")
    for setting in plain:
        default = toml(getattr(table.default, setting.name, setting.default))
        expected = setting.words
        lines.append(f"| `{setting.name}` | `{default}` | {expected} | {setting.description} |\n")
    lines.extend(_section(setting, (*path, setting.name)) for setting in settings if setting.is_table)
    return "".join(lines)


def _undescribed(setting: Setting, name: str) -> list[str]:
    found = [] if setting.description else [name]
    if setting.is_table:
        for inner in settings_of(setting.kind):
            found += _undescribed(inner, f"{name}.{inner.name}")
    return found
