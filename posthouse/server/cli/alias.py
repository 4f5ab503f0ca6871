"""posthouse alias: further addresses that lead to accounts or groups."""

from __future__ import annotations

import click

from posthouse.admin import alias as admin
from posthouse.server.cli.context import Group, Invocation, pass_invocation
from posthouse.server.cli.output import show_done, show_table


@click.group(cls=Group)
def alias() -> None:
    """Further addresses of accounts."""


@alias.command("add")
@click.argument("address")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@pass_invocation
def add(invocation: Invocation, address: str, targets: tuple[str, ...]) -> None:
    """Let ADDRESS lead to every TARGET, besides those that it leads to already."""
    added = invocation.run(lambda store: admin.add(store, address, list(targets)))
    show_done(f"{added} leads to {', '.join(targets)}", {"address": added})


@alias.command("list")
@click.option("--domain", help="Only those of this domain.")
@pass_invocation
def list_(invocation: Invocation, domain: str | None) -> None:
    """List aliases."""
    show_table(invocation.run(lambda store: admin.list_all(store, domain)), ["address", "targets"])


@alias.command("delete")
@click.argument("address")
@pass_invocation
def delete(invocation: Invocation, address: str) -> None:
    """Take an alias away."""
    invocation.run(lambda store: admin.delete(store, address))
    show_done(f"{address} deleted")
