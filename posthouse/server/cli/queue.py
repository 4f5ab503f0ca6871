"""posthouse queue: mail on its way to other servers."""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, get_args

import click
import msgspec

from posthouse.admin import queue as admin
from posthouse.core.queue.numbers import written
from posthouse.core.queue.records import State
from posthouse.core.queue.showing import Entry, Filter, Load
from posthouse.server.cli.context import Group, Invocation, pass_invocation
from posthouse.server.cli.output import Column, fail, plain, show_done, show_json, show_record, show_table

AGE_COLUMNS = ("15m", "1h", "4h", "1d", "3d", "older")


def when(ms: int) -> str:
    """A time of this machine's zone."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(ms / 1000)) if ms else ""


def operator_name() -> str:
    """Who gives the command, for traces: the user of this machine, behind sudo too."""
    user = os.environ.get("SUDO_USER", "")
    if not user:
        try:
            user = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            user = str(os.getuid())
    return f"operator {user}"


COLUMNS: list[str | Column] = [
    Column("number", "message"),
    "sender",
    "recipient",
    "state",
    Column("created", "since", when),
    Column("next_attempt", "next attempt", when),
    "attempts",
    "words",
]
RECIPIENT_COLUMNS: list[str | Column] = [
    "recipient",
    "state",
    Column("changed", "since", when),
    Column("next_attempt", "next attempt", when),
    "attempts",
    "host",
    "status",
    "words",
]


def filtered(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which recipients, as the argument `wanted`."""

    @wraps(function)
    def with_filter(
        *args: Any, sender: str | None, recipient: str, destination: str, states: tuple[State, ...], **named: Any
    ) -> Any:
        return function(*args, wanted=Filter([], sender, recipient, destination.lower(), list(states)), **named)

    wrapped: Callable[..., Any] = with_filter
    for option in (
        click.option("--state", "states", multiple=True, type=click.Choice(get_args(State)), help="In this state."),
        click.option("--destination", default="", help="To this domain; @DOMAIN for the smart host of a domain."),
        click.option("--recipient", default="", help="To this address."),
        click.option("--sender", help='From this address; "" for reports.'),
    ):
        wrapped = option(wrapped)
    return wrapped


@click.group(cls=Group)
def queue() -> None:
    """Mail on its way to other servers."""


@queue.command("list")
@filtered
@click.option("--limit", default=1000, show_default=True, help="No more than so many.")
@pass_invocation
def list_(invocation: Invocation, wanted: Filter, limit: int) -> None:
    """List recipients that still wait for their mail, or those in a given --state."""
    found = invocation.run(lambda store: admin.list_all(store, wanted, limit))
    show_table([_numbered(entry) for entry in found], COLUMNS)


@queue.command("show")
@click.argument("message")
@pass_invocation
def show(invocation: Invocation, message: str) -> None:
    """Show one MESSAGE and what has become of each recipient."""
    shown = invocation.run(lambda store: admin.show(store, message))
    if invocation.json:
        show_json({"number": shown.number, **plain(shown.message), "recipients": plain(shown.recipients)})
        return
    head = {"message": shown.number, **plain(shown.message)}
    for field in ("created", "expires", "held_until"):
        head[field] = when(head[field])
    show_record(head, ["message", "sender", "subject", "message_id", "size", "created", "expires", "held_until"])
    show_table(shown.recipients, RECIPIENT_COLUMNS)


@queue.command("summary")
@pass_invocation
def summary(invocation: Invocation) -> None:
    """Count what waits, by destination and age."""
    loads = invocation.run(lambda store: admin.summary(store, invocation.now))
    columns: list[str | Column] = ["destination", "recipients", *AGE_COLUMNS]
    show_table([_columns(load) for load in loads], [*columns, Column("closed_until", "closed until", when), "words"])


def _verb(name: str, words: str, done: str) -> None:
    """One of the verbs that change something."""

    @queue.command(name, help=words)
    @click.argument("messages", metavar="[MESSAGE]...", nargs=-1)
    @filtered
    @click.option("--all", "everything", is_flag=True, help="All that is in the queue.")
    @pass_invocation
    def verb(invocation: Invocation, messages: tuple[str, ...], wanted: Filter, *, everything: bool) -> None:
        if not everything and not messages and wanted == Filter():
            fail("say which: messages, --sender, --recipient, --destination, --state or --all")
        which = msgspec.structs.replace(wanted, numbers=admin.numbers_of(list(messages)))
        who = operator_name()
        result = invocation.run(lambda store: admin.change(store, name, which, who, invocation.now))
        lines = [f"{result.changed} recipients {done}"]
        lines += [f"{written(one.number)} {one.recipient}: not, it is {one.state}" for one in result.spared]
        show_done("\n".join(lines), result)


_verb("hold", "Keep mail here until it is released.", "held")
_verb("release", "Send held mail now.", "released")
_verb("retry", "Try waiting mail now, also at destinations that could not be reached.", "are tried")
_verb("cancel", "Send it never; what is being sent cannot be called back.", "cancelled")


def _numbered(entry: Entry) -> dict[str, Any]:
    return {**msgspec.structs.asdict(entry), "number": written(entry.number)}


def _columns(load: Load) -> dict[str, Any]:
    return {**msgspec.structs.asdict(load), **dict(zip(AGE_COLUMNS, load.ages, strict=True))}
