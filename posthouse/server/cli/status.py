"""posthouse status: what runs."""

from __future__ import annotations

from typing import Any

import click

from posthouse.server.cli.context import Command, Invocation, pass_invocation
from posthouse.server.cli.output import fail, show_json, show_table
from posthouse.server.control import NotRunning, ask


@click.command(cls=Command)
@pass_invocation
def status(invocation: Invocation) -> None:
    """Show workers and ports of the running server; the status is not zero when none runs."""
    try:
        running: dict[str, Any] = ask(invocation.places.control_socket, "status")
    except NotRunning:
        fail("the server does not run")
    if invocation.json:
        show_json(running)
        return
    click.echo(f"Posthouse {running['version']}, supervisor {running['supervisor']['pid']}\n")
    show_table(running["workers"], ["pid", "up"])
    click.echo()
    if running["search"] is not None:
        show_table([running["search"]], ["pid", "up", "waiting"])
        click.echo()
    show_table(running["listeners"], ["name", "host", "port", "tls"])
