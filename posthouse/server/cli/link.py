"""posthouse link: share links to people's files."""

from __future__ import annotations

import click

from posthouse.admin import link as admin
from posthouse.core.files.links import LinkWish
from posthouse.server.cli.context import Group, Invocation, pass_invocation
from posthouse.server.cli.kinds import day
from posthouse.server.cli.output import Column, show_done, show_table
from posthouse.server.cli.passwords import ask_password
from posthouse.server.configuration.tree import Configuration

_DAY_MS = 86_400_000
_COLUMNS: list[str | Column] = [
    "id",
    Column("path", show=lambda path: path or "(in the trash)"),
    "mode",
    Column("password", show=lambda has: "yes" if has else ""),
    Column("expires", show=lambda at: day(at) if at else ""),
    Column("used", "used"),
    Column("downloads", "of", lambda most: str(most or "")),
    "label",
    "by",
]


@click.group(cls=Group)
def link() -> None:
    """Links to people's files, for whoever has no account."""


@link.command("list")
@click.argument("address")
@pass_invocation
def list_(invocation: Invocation, address: str) -> None:
    """List the links to an account's or a group's files; the secret in a link is shown once only, when it is made."""
    show_table(invocation.run(lambda store: admin.list_all(store, address)), _COLUMNS)


@link.command("add")
@click.argument("address")
@click.argument("path")
@click.option("--upload", is_flag=True, help="For sending files into a folder, whose contents are not shown.")
@click.option("--password-stdin", is_flag=True, help="Ask whoever opens it for a password: the first line of input.")
@click.option("--days", type=click.IntRange(1, 36_500), help="After how many days it is over.")
@click.option("--downloads", type=click.IntRange(1, 1_000_000_000), help="How often something may be downloaded.")
@click.option("--label", default="", help="What to remember it by.")
@click.option("--by", metavar="ADDRESS", help="Who makes it, of those who administer the file; without it its owner.")
@pass_invocation
def add(
    invocation: Invocation,
    address: str,
    path: str,
    upload: bool,
    password_stdin: bool,
    days: int | None,
    downloads: int | None,
    label: str,
    by: str | None,
) -> None:
    """Make a link to the file or folder at PATH of an account or a group, "/" for all files.

    It never gives more than whoever makes it has himself, and ends with his rights.
    """
    configuration, now = invocation.configuration, invocation.now
    password = ask_password(from_stdin=True) if password_stdin else ""
    expires = now + days * _DAY_MS if days else 0
    wish = LinkWish("upload" if upload else "read", "", expires, downloads or 0, label)
    made = invocation.run(
        lambda store: admin.add(
            store,
            address,
            path,
            wish,
            password,
            by,
            lambda token: _address(configuration, token),
            configuration.authentication,
            configuration.files.limits,
            configuration.sharing.reach,
            now,
        )
    )
    show_done(made.address, made)


@link.command("remove")
@click.argument("address")
@click.argument("id")
@pass_invocation
def remove(invocation: Invocation, address: str, id: str) -> None:
    """Revoke a link; ID is what `posthouse link list` tells it by."""
    invocation.run(lambda store: admin.remove(store, address, id))
    show_done(f"{id} revoked")


def _address(configuration: Configuration, token: str) -> str:
    port = configuration.listeners.https.port
    host = configuration.server.hostname or "localhost"
    return f"https://{host}{'' if port == 443 else f':{port}'}/share/{token}/"
