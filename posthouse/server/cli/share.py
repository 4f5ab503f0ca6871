"""posthouse share: who may do what with the folders of accounts and groups."""

from __future__ import annotations

import click

from posthouse.admin import share as admin
from posthouse.server.cli.context import Group, Invocation, pass_invocation
from posthouse.server.cli.output import show_done, show_table

FOLDER = click.option(
    "--folder", metavar="NAME", help="Which folder of an account or a group; without it, all that a group has."
)


@click.group(cls=Group)
def share() -> None:
    """Folders that people share."""


@share.command("list")
@click.argument("owner")
@pass_invocation
def list_(invocation: Invocation, owner: str) -> None:
    """List what an account or a group shares."""
    show_table(invocation.run(lambda store: admin.list_all(store, owner)), ["folder", "whom", "rights", "preset"])


@share.command("set")
@click.argument("owner")
@click.argument("whom")
@click.argument("rights")
@FOLDER
@pass_invocation
def set_(invocation: Invocation, owner: str, whom: str, rights: str, folder: str | None) -> None:
    """Give WHOM rights on a folder of OWNER: an account, a group or anyone.

    RIGHTS are none, read, author, write, all or full, or letters as in IMAP's ACL.
    """
    settings, now = invocation.configuration.sharing, invocation.now
    done = invocation.run(lambda store: admin.set_rights(store, owner, whom, rights, folder, settings, now))
    show_done(f"{whom}: {done.rights or 'no rights'} ({done.preset})", done)


@share.command("remove")
@click.argument("owner")
@click.argument("whom", required=False)
@FOLDER
@pass_invocation
def remove(invocation: Invocation, owner: str, whom: str | None, folder: str | None) -> None:
    """Take WHOM's rights on a folder of OWNER away; without WHOM it has those of the folder above again."""
    settings = invocation.configuration.sharing
    invocation.run(lambda store: admin.remove(store, owner, whom, folder, settings))
    show_done(f"{whom or 'its own list'} removed")
