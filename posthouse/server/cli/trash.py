"""posthouse trash: what was deleted of people's files."""

from __future__ import annotations

import click

from posthouse.admin import trash as admin
from posthouse.server.cli.context import Group, Invocation, pass_invocation
from posthouse.server.cli.kinds import moment
from posthouse.server.cli.output import Column, show_done, show_table

_COLUMNS: list[str | Column] = ["id", "path", "size", Column("deleted", show=moment)]


@click.group(cls=Group)
def trash() -> None:
    """What was deleted of people's files."""


@trash.command("list")
@click.argument("owner")
@pass_invocation
def list_(invocation: Invocation, owner: str) -> None:
    """List what can be restored of an account's or a group's files, the oldest first."""
    show_table(invocation.run(lambda store: admin.list_all(store, owner)), _COLUMNS)


@trash.command("restore")
@click.argument("owner")
@click.argument("id", type=int)
@pass_invocation
def restore(invocation: Invocation, owner: str, id: int) -> None:
    """Put something back where it was, or beside all else where its folder is gone."""
    limits, now = invocation.configuration.files.limits, invocation.now
    path = invocation.run(lambda store: admin.put_back(store, owner, id, limits, now))
    show_done(f"restored as {path}", {"path": path})


@trash.command("erase")
@click.argument("owner")
@click.argument("id", type=int)
@pass_invocation
def erase(invocation: Invocation, owner: str, id: int) -> None:
    """Erase something for good."""
    now = invocation.now
    invocation.run(lambda store: admin.erase(store, owner, id, now))
    show_done(f"{id} erased")
