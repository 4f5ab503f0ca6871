"""posthouse reload: the running server reads its configuration and certificate again."""

from __future__ import annotations

import click

from posthouse.server.cli.context import Command, Invocation, pass_invocation
from posthouse.server.cli.output import fail, show_done
from posthouse.server.control import NotRunning, ask


@click.command(cls=Command)
@pass_invocation
def reload(invocation: Invocation) -> None:
    """Renew the workers with what the configuration and certificate files say now; no connection is lost."""
    try:
        answer = ask(invocation.places.control_socket, "reload")
    except NotRunning:
        fail("the server does not run")
    if answer["problems"]:
        fail("\n".join(["not reloaded:", *answer["problems"]]))
    show_done("reloaded")
