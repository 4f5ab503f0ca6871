"""posthouse config: check, show and explain the configuration."""

from __future__ import annotations

from typing import Any

import click

from posthouse.server.cli.context import Group, Invocation, pass_invocation
from posthouse.server.cli.output import show_done, show_json
from posthouse.server.configuration.reference import effective, reference, toml


@click.group(cls=Group)
def config() -> None:
    """Check and show the configuration."""


@config.command("check")
@pass_invocation
def check(invocation: Invocation) -> None:
    """Name every mistake in the file, with its line."""
    assert invocation.configuration is not None  # reading it fails with all that is wrong
    show_done(f"{invocation.file}: no mistakes", {"file": str(invocation.file), "valid": True})


@config.command("show")
@pass_invocation
def show(invocation: Invocation) -> None:
    """Print what is in effect, defaults too; secrets are hidden."""
    values = effective(invocation.configuration)
    if invocation.json:
        show_json(values)
    else:
        _show_tables(values, ())


@config.command("reference")
def print_reference() -> None:
    """Print the page that explains all settings, as Markdown."""
    click.echo(reference(), nl=False)


def _show_tables(values: dict[str, Any], path: tuple[str, ...]) -> None:
    plain = {name: value for name, value in values.items() if not isinstance(value, dict)}
    if plain:
        click.echo(f"[{'.'.join(path)}]")
        for name, value in plain.items():
            click.echo(f"{name} = {toml(value)}")
        click.echo()
    for name, value in values.items():
        if isinstance(value, dict):
            _show_tables(value, (*path, name))
