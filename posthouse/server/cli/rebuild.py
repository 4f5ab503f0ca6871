"""posthouse rebuild: make anew what is derived."""

from __future__ import annotations

import click

from posthouse.admin import rebuild as admin
from posthouse.server.cli.context import Command, Invocation, pass_invocation
from posthouse.server.cli.maintenance import opened_blobs, show_faults
from posthouse.server.cli.output import progress, show_json


@click.command(cls=Command)
@click.argument("what", type=click.Choice(["search"]), required=False)
@click.option("--account", metavar="ADDRESS", help="Rebuild this account alone.")
@pass_invocation
@click.pass_context
def rebuild(context: click.Context, invocation: Invocation, what: str | None, account: str | None) -> None:
    """Make counters, quotas, references and what is kept of each letter anew; status 1 when damage is left.

    `rebuild search` has the server make the search index anew, beside its other work.
    """
    if what is not None:
        if account is not None:
            raise click.UsageError("the search index is one for all accounts")
        invocation.run(admin.rebuild_search)
        if not invocation.json:
            click.echo("the search index is made anew while the server runs; `posthouse status` shows how far it is")
        return
    with opened_blobs(invocation) as blobs, progress("accounts") as done:
        result = invocation.run(
            lambda store: admin.rebuild(
                store,
                blobs,
                invocation.configuration.mime,
                address=account,
                now=lambda: invocation.now,
                done=done,
            )
        )
    if invocation.json:
        show_json(result)
    else:
        show_faults("mended", result.mended)
        show_faults("left", result.left)
        click.echo(f"{result.checked['accounts']} accounts, {result.checked['messages']} messages: ", nl=False)
        click.echo(f"{len(result.mended)} faults mended, {len(result.left)} left")
    context.exit(1 if result.left else 0)
