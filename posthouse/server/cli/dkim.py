"""posthouse dkim: the keys that sign a domain's mail, and the DNS records of their public halves."""

from __future__ import annotations

import click

from posthouse.admin import dkim as admin
from posthouse.core.dkim.records import DkimKeyShown
from posthouse.formats.dkim.keys import txt_strings
from posthouse.server.cli.context import Group, Invocation, pass_invocation
from posthouse.server.cli.kinds import day
from posthouse.server.cli.output import Column, show_done, show_json, show_table

COLUMNS: list[str | Column] = [
    "domain",
    "selector",
    "algorithm",
    "state",
    Column("active_from", "signs from", day),
    Column("retired_at", "until", lambda at: day(at) if at else ""),
]


@click.group(cls=Group)
def dkim() -> None:
    """Keys that sign a domain's mail (DKIM)."""


@dkim.command("add")
@click.argument("domain")
@pass_invocation
def add(invocation: Invocation, domain: str) -> None:
    """Make the first keys of a domain that has none; they sign at once."""
    _show(invocation, invocation.run(lambda store: admin.add(store, domain, invocation.now)))


@dkim.command("list")
@click.argument("domain", required=False)
@pass_invocation
def list_(invocation: Invocation, domain: str | None) -> None:
    """List keys and the records to publish, of one domain or of all."""
    _show(invocation, invocation.run(lambda store: admin.list_all(store, domain, invocation.now)))


@dkim.command("rotate")
@click.argument("domain")
@click.option("--at-once", is_flag=True, help="Let the new keys sign at once: where an old one has become known.")
@pass_invocation
def rotate(invocation: Invocation, domain: str, at_once: bool) -> None:
    """Make new keys: publish them; they sign when dkim.publish_days are over, and the old ones until then."""
    settings = invocation.configuration.dkim
    _show(
        invocation,
        invocation.run(lambda store: admin.rotate(store, domain, settings, invocation.now, at_once=at_once)),
    )


@dkim.command("remove")
@click.argument("domain")
@click.argument("selector")
@pass_invocation
def remove(invocation: Invocation, domain: str, selector: str) -> None:
    """Forget a key, also one that signs."""
    invocation.run(lambda store: admin.remove(store, domain, selector, invocation.now))
    show_done(f"{selector} of {domain} removed; its record in the DNS may go")


def _show(invocation: Invocation, keys: list[DkimKeyShown]) -> None:
    if invocation.json:
        show_json(keys)
        return
    show_table(keys, COLUMNS)
    wanted = [key for key in keys if key.state != "to be unpublished"]
    if wanted:
        click.echo("\nThese TXT records are to be in the DNS:\n")
    for key in wanted:
        click.echo(f"{key.name}. IN TXT {txt_strings(key.record)}")
    for key in keys:
        if key.state == "to be unpublished":
            click.echo(f"\n{key.name} may be taken out of the DNS.")
