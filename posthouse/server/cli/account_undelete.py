"""posthouse account undelete: put expunged mail back."""

from __future__ import annotations

from datetime import datetime

import click

from posthouse.admin import undelete as admin
from posthouse.core.accounts.errors import OverQuota
from posthouse.core.mail.undelete import Choice, ExpungedShown
from posthouse.server.cli.context import Command, Invocation, pass_invocation
from posthouse.server.cli.kinds import Moment, size_or_none
from posthouse.server.cli.output import Column, fail, progress, show_done, show_table
from posthouse.storage.contract import Store


def _minute(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000).isoformat(" ", "minutes")


COLUMNS: list[str | Column] = [
    Column("expunged", show=_minute),
    "mailbox",
    Column("received", show=_minute),
    Column("octets", "size", size_or_none),
    "sender",
    "subject",
]


@click.command("undelete", cls=Command)
@click.argument("address")
@click.option("--list", "only_list", is_flag=True, help="Show what there is and put nothing back.")
@click.option("--since", type=Moment(), help='Only what went since then: "2026-11-26", "2026-11-26 10:00", "3h".')
@click.option("--mailbox", help="Only what stood in this mailbox.")
@click.option("--into", help="Put it all into this mailbox, made where it is missing, instead of where it was.")
@pass_invocation
def undelete(
    invocation: Invocation, address: str, only_list: bool, since: int | None, mailbox: str | None, into: str | None
) -> None:
    """Put back what an account has expunged or deleted with a mailbox, as long as it is kept."""
    choice = Choice(since or 0, mailbox)
    if only_list:
        show_table(invocation.run(lambda store: _all(store, address, choice)), COLUMNS)
        return
    done, mail = 0, invocation.configuration.mail
    with progress("messages") as advance:

        def count(more: int) -> None:
            nonlocal done
            done += more
            advance(more)

        try:
            invocation.run(
                lambda store: admin.undelete(store, address, choice, into, lambda: invocation.now, mail, count)
            )
        except OverQuota as over:
            fail(f"{_messages(done)} put back; for more there is no room: {over.args[0]} are limited to {over.args[1]}")
    show_done(f"{_messages(done)} put back", {"messages": done})


async def _all(store: Store, address: str, choice: Choice) -> list[ExpungedShown]:
    return [message async for message in admin.list_expunged(store, address, choice)]


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"
