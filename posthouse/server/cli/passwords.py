"""How verbs get a password: asked for twice, or one line of standard input."""

from __future__ import annotations

import getpass
import sys
import warnings

import click

from posthouse.server.cli.output import fail


def ask_password(*, from_stdin: bool) -> str:
    """The password; ends the command when there is none."""
    password = _read() if from_stdin else _ask()
    if not password:
        fail("the password is empty")
    return password


def _read() -> str:
    try:
        password = sys.stdin.readline().rstrip("\r\n")
        password.encode()  # some locales let octets through that are no text
    except UnicodeError:
        fail("the password is not UTF-8")
    return password


def _ask() -> str:
    with warnings.catch_warnings():
        # else it would be read from standard input, and seen
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        except click.Abort:
            fail("no password was given; scripts use --password-stdin")
        except getpass.GetPassWarning:
            fail("there is no terminal to ask for the password on; scripts use --password-stdin")
    return password
