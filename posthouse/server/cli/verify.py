"""posthouse verify: check all that is stored."""

from __future__ import annotations

import click

from posthouse.admin import verify as admin
from posthouse.server.cli.context import Command, Invocation, pass_invocation
from posthouse.server.cli.maintenance import opened_blobs, show_faults
from posthouse.server.cli.output import progress, show_json


@click.command(cls=Command)
@click.option("--quick", is_flag=True, help="Leave the octets of the letters unread.")
@click.option("--account", metavar="ADDRESS", help="Check this account alone.")
@pass_invocation
@click.pass_context
def verify(context: click.Context, invocation: Invocation, quick: bool, account: str | None) -> None:
    """Check all that is stored; ends with status 1 when something does not fit."""
    with opened_blobs(invocation) as blobs, progress("accounts") as done:
        report = invocation.run(
            lambda store: admin.verify(
                store, blobs, invocation.configuration.mime, quick=quick, address=account, done=done
            )
        )
    if invocation.json:
        show_json(report)
    else:
        show_faults("fault", report.faults)
        for notice in report.notices:
            click.echo(f"note: {notice}")
        click.echo(f"{report.checked['accounts']} accounts, {report.checked['messages']} messages: ", nl=False)
        click.echo(f"{len(report.faults)} faults" if report.faults else "all is well")
    context.exit(1 if report.faults else 0)
