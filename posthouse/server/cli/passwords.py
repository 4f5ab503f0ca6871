"""How verbs get a password: asked for twice, or one line of standard input."""

from __future__ import annotations

import sys

import click

from posthouse.server.cli.output import fail


def ask_password(*, from_stdin: bool) -> str:
    """The password; ends the command when there is none."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        try:
            password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        except click.Abort:
            fail("no password was given; scripts use --password-stdin")
    if not password:
        fail("the password is empty")
    return password
