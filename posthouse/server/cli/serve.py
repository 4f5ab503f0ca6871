"""posthouse serve: become the supervisor."""

from __future__ import annotations

import os
import sys

import click

from posthouse.server.cli.context import Command, Invocation, pass_invocation


@click.command(cls=Command)
@pass_invocation
def serve(invocation: Invocation) -> None:
    """Run the server in the foreground until SIGTERM; SIGHUP reloads."""
    assert invocation.configuration is not None  # mistakes are named before anything starts
    file = str(invocation.file.absolute())
    sys.stdout.flush()
    # a fresh interpreter in this very process: nothing of the command line stays in a server's memory
    os.execv(sys.executable, [sys.executable, "-m", "posthouse.server.supervisor", "--config", file])  # noqa: S606
