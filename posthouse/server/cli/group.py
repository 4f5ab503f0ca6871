"""posthouse group: one address for many."""

from __future__ import annotations

import click

from posthouse.admin import group as admin
from posthouse.core.accounts.records import Posting
from posthouse.server.cli.context import Group, Invocation, pass_invocation
from posthouse.server.cli.output import show_done, show_record, show_table

POSTING = click.Choice(["anyone", "members"])


@click.group(cls=Group)
def group() -> None:
    """Distribution groups."""


@group.command("add")
@click.argument("address")
@click.argument("members", metavar="[MEMBER]...", nargs=-1)
@click.option("--name", default="", help="What the group is called.")
@click.option("--posting", type=POSTING, default="anyone", show_default=True, help="Who may write to it.")
@pass_invocation
def add(invocation: Invocation, address: str, members: tuple[str, ...], name: str, posting: Posting) -> None:
    """Add a group."""
    added = invocation.run(lambda store: admin.add(store, address, name, posting, list(members), invocation.now))
    show_done(f"{added} added", {"address": added})


@group.command("list")
@click.option("--domain", help="Only those of this domain.")
@pass_invocation
def list_(invocation: Invocation, domain: str | None) -> None:
    """List groups."""
    show_table(invocation.run(lambda store: admin.list_all(store, domain)), ["address", "name", "posting", "members"])


@group.command("show")
@click.argument("address")
@pass_invocation
def show(invocation: Invocation, address: str) -> None:
    """Show a group and its members."""
    show_record(invocation.run(lambda store: admin.show(store, address)))


@group.command("change")
@click.argument("address")
@click.option("--name", help="What the group is called.")
@click.option("--posting", type=POSTING, help="Who may write to it.")
@click.option("--add", "more", metavar="MEMBER", multiple=True, help="One more member; may be repeated.")
@click.option("--remove", "gone", metavar="MEMBER", multiple=True, help="One member less; may be repeated.")
@pass_invocation
def change(
    invocation: Invocation,
    address: str,
    name: str | None,
    posting: Posting | None,
    more: tuple[str, ...],
    gone: tuple[str, ...],
) -> None:
    """Change what is given."""
    invocation.run(lambda store: admin.change(store, address, name, posting, list(more), list(gone)))
    show_done(f"{address} changed")


@group.command("delete")
@click.argument("address")
@pass_invocation
def delete(invocation: Invocation, address: str) -> None:
    """Take a group away."""
    invocation.run(lambda store: admin.delete(store, address))
    show_done(f"{address} deleted")
