"""posthouse group: one address for many."""

from __future__ import annotations

import click
from msgspec import UNSET

from posthouse.admin import group as admin
from posthouse.core.accounts.group_folders import FolderLimits
from posthouse.core.accounts.groups import GroupChange
from posthouse.core.accounts.records import Posting
from posthouse.server.cli.context import Group, Invocation, pass_invocation
from posthouse.server.cli.kinds import Limit, Quota, Size, size_or_none
from posthouse.server.cli.output import Column, show_done, show_record, show_table

POSTING = click.Choice(["anyone", "members"])
OWNER = click.option(
    "--owner", metavar="ADDRESS", help='Who hears when its mail cannot be delivered; "none" for nobody.'
)
COLUMNS = ["address", "name", "posting", "owner", "members"]
SEND_AS = click.option("--send-as/--no-send-as", default=None, help="Whether members may write in the group's name.")


@click.group(cls=Group)
def group() -> None:
    """Distribution groups."""


@group.command("add")
@click.argument("address")
@click.argument("members", metavar="[MEMBER]...", nargs=-1)
@click.option("--name", default="", help="What the group is called.")
@click.option("--posting", type=POSTING, default="anyone", show_default=True, help="Who may write to it.")
@OWNER
@SEND_AS
@pass_invocation
def add(
    invocation: Invocation,
    address: str,
    members: tuple[str, ...],
    name: str,
    posting: Posting,
    owner: str | None,
    send_as: bool | None,
) -> None:
    """Add a group; a MEMBER may be an address of another server."""
    wanted = _wanted(name, posting, owner, send_as)
    added = invocation.run(lambda store: admin.add(store, address, wanted, list(members), invocation.now))
    show_done(f"{added} added", {"address": added})


@group.command("list")
@click.option("--domain", help="Only those of this domain.")
@pass_invocation
def list_(invocation: Invocation, domain: str | None) -> None:
    """List groups."""
    show_table(invocation.run(lambda store: admin.list_all(store, domain)), COLUMNS)


@group.command("show")
@click.argument("address")
@pass_invocation
def show(invocation: Invocation, address: str) -> None:
    """Show a group and its members."""
    show_record(invocation.run(lambda store: admin.show(store, address)))


@group.command("change")
@click.argument("address")
@click.option("--name", help="What the group is called.")
@click.option("--posting", type=POSTING, help="Who may write to it.")
@click.option("--add", "more", metavar="MEMBER", multiple=True, help="One more member; may be repeated.")
@click.option("--remove", "gone", metavar="MEMBER", multiple=True, help="One member less; may be repeated.")
@OWNER
@SEND_AS
@pass_invocation
def change(
    invocation: Invocation,
    address: str,
    name: str | None,
    posting: Posting | None,
    more: tuple[str, ...],
    gone: tuple[str, ...],
    owner: str | None,
    send_as: bool | None,
) -> None:
    """Change what is given."""
    wanted = _wanted(name, posting, owner, send_as)
    invocation.run(lambda store: admin.change(store, address, wanted, list(more), list(gone)))
    show_done(f"{address} changed")


@group.command("quota")
@click.argument("address")
@click.argument("size", type=Size(), required=False, default=UNSET)
@click.option("--messages", type=Limit(), default=UNSET, help='How many messages they may hold; "none" for no limit.')
@pass_invocation
def quota(invocation: Invocation, address: str, size: Quota, messages: Quota) -> None:
    """Show what a group's own folders hold and may hold, or set it: SIZE is "500 MB" or "none"."""
    limits = FolderLimits(quota_octets=size, quota_messages=messages)
    shown = invocation.run(lambda store: admin.limit(store, address, limits))
    sizes = (Column("octets", "holds", size_or_none), Column("quota_octets", "quota", size_or_none))
    show_record(shown, ["address", "messages", "quota_messages", *sizes])


@group.command("delete")
@click.argument("address")
@pass_invocation
def delete(invocation: Invocation, address: str) -> None:
    """Take a group away."""
    invocation.run(lambda store: admin.delete(store, address, invocation.now))
    show_done(f"{address} deleted")


def _wanted(name: str | None, posting: Posting | None, owner: str | None, send_as: bool | None) -> GroupChange:
    return GroupChange(
        name=UNSET if name is None else name,
        posting=UNSET if posting is None else posting,
        owner=UNSET if owner is None else None if owner == "none" else owner,
        send_as=UNSET if send_as is None else send_as,
    )
