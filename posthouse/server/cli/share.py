"""posthouse share: who may do what with the folders of accounts and groups."""

from __future__ import annotations

import click

from posthouse.admin import notices, share_files
from posthouse.admin import share as admin
from posthouse.server.cli.context import Group, Invocation, pass_invocation
from posthouse.server.cli.output import Column, show_done, show_table

FOLDER = click.option(
    "--folder", metavar="NAME", help="Which folder of an account or a group; without it, all that a group has."
)
FILE = click.option(
    "--file", metavar="PATH", help="Which of an account's or a group's files, or folders of files; / is all of them."
)


@click.group(cls=Group)
def share() -> None:
    """Folders and files that people share."""


@share.command("list")
@click.argument("owner")
@pass_invocation
def list_(invocation: Invocation, owner: str) -> None:
    """List what an account or a group shares."""
    shown = invocation.run(lambda store: admin.list_all(store, owner))
    shown += invocation.run(lambda store: share_files.list_all(store, owner))
    show_table(shown, ["folder", "whom", "rights", "preset"])


@share.command("set")
@click.argument("owner")
@click.argument("whom")
@click.argument("rights")
@FOLDER
@FILE
@pass_invocation
def set_(invocation: Invocation, owner: str, whom: str, rights: str, folder: str | None, file: str | None) -> None:
    """Give WHOM rights on a folder or file of OWNER: an account, a group or anyone.

    RIGHTS are none, read, author, write, all or full, or letters as in IMAP's ACL.
    """
    settings, now = invocation.configuration.sharing, invocation.now
    limits = invocation.configuration.files.limits
    _only_one(folder, file)
    if file is not None:
        done = invocation.run(
            lambda store: share_files.set_rights(store, owner, whom, rights, file, settings, limits, now)
        )
        show_done(f"{whom}: {done.rights or 'no rights'} ({done.preset})", done)
        return
    done = invocation.run(lambda store: admin.set_rights(store, owner, whom, rights, folder, settings, now))
    show_done(f"{whom}: {done.rights or 'no rights'} ({done.preset})", done)


@share.command("remove")
@click.argument("owner")
@click.argument("whom", required=False)
@FOLDER
@FILE
@pass_invocation
def remove(invocation: Invocation, owner: str, whom: str | None, folder: str | None, file: str | None) -> None:
    """Take WHOM's rights on a folder of OWNER away; without WHOM it has those of the folder above again."""
    settings = invocation.configuration.sharing
    limits = invocation.configuration.files.limits
    _only_one(folder, file)
    if file is not None:
        now = invocation.now
        invocation.run(lambda store: share_files.remove(store, owner, whom, file, settings, limits, now))
        show_done(f"{whom or 'its own list'} removed")
        return
    invocation.run(lambda store: admin.remove(store, owner, whom, folder, settings))
    show_done(f"{whom or 'its own list'} removed")


@share.command("notify")
@click.argument("owner")
@click.argument("whom")
@click.argument("path")
@click.option("--off", is_flag=True, help="Tell of it no more.")
@pass_invocation
def notify(invocation: Invocation, owner: str, whom: str, path: str, off: bool) -> None:
    """Tell WHOM by letter of what others change in the folder at PATH among OWNER's files; / is all of them.

    Who can no longer read there is told no more.
    """
    limits, reach = invocation.configuration.files.limits, invocation.configuration.sharing.reach
    invocation.run(lambda store: notices.set_notices(store, owner, whom, path, limits, reach, wanted=not off))
    show_done(f"{whom} is told of {path}{' no more' if off else ''}")


@share.command("notices")
@click.argument("owner")
@pass_invocation
def list_notices(invocation: Invocation, owner: str) -> None:
    """List who is told of changes in which of OWNER's folders of files."""
    shown = invocation.run(lambda store: notices.list_all(store, owner))
    show_table(shown, [Column("folder", show=lambda path: path or "(in the trash)"), "whom"])


def _only_one(folder: str | None, file: str | None) -> None:
    if folder is not None and file is not None:
        raise click.UsageError("a folder of mail or a file, not both")
