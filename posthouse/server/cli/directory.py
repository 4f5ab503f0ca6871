"""posthouse directory: directories of this machine in people's files."""

from __future__ import annotations

from pathlib import Path

import click

from posthouse.admin import directory as admin
from posthouse.server.cli.context import Group, Invocation, pass_invocation
from posthouse.server.cli.output import show_done, show_table


@click.group(cls=Group)
def directory() -> None:
    """Directories of this machine in people's files."""


@directory.command("list")
@pass_invocation
def list_(invocation: Invocation) -> None:
    """List the mapped directories, and who may do what in them."""
    show_table(invocation.run(admin.list_all), ["name", "path", "whom", "rights"])


@directory.command("add")
@click.argument("name")
@click.argument("path")
@pass_invocation
def add(invocation: Invocation, name: str, path: str) -> None:
    """Map the directory at PATH under NAME; nobody sees it before it is shared."""
    base, settings, now = Path(invocation.places.base), invocation.configuration.directories, invocation.now
    done = invocation.run(lambda store: admin.add(store, name, path, base, settings, now))
    show_done(f"{name} is {done.path}; posthouse directory share lets people see it", done)


@directory.command("share")
@click.argument("name")
@click.argument("whom")
@click.argument("rights")
@pass_invocation
def share(invocation: Invocation, name: str, whom: str, rights: str) -> None:
    """Let WHOM (an account, a group, or anyone on this server) read or write in the directory NAME.

    RIGHTS are none, read or write, or letters as in `posthouse share set`.
    """
    settings = invocation.configuration.sharing
    words = invocation.run(lambda store: admin.share(store, name, whom, rights, settings))
    show_done(f"{whom}: {words}")


@directory.command("remove")
@click.argument("name")
@pass_invocation
def remove(invocation: Invocation, name: str) -> None:
    """Map the directory NAME no more; what is in it stays where it is."""
    invocation.run(lambda store: admin.remove(store, name))
    show_done(f"{name} is mapped no more")
