"""posthouse trace: what became of a letter."""

from __future__ import annotations

from datetime import datetime

import click

from posthouse.admin import trace as admin
from posthouse.server.cli.context import Command, Invocation, pass_invocation
from posthouse.server.cli.kinds import Moment
from posthouse.server.cli.output import fail, show_json, warn


@click.command(cls=Command)
@click.argument("what", required=False)
@click.option("--domain", help="Only letters from or to this domain of ours.")
@click.option("--since", type=Moment(), help='Only those that came since then: "2026-11-26", "2026-11-26 10:00", "3h".')
@click.option("--until", type=Moment(), help="Only those that came before then.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many letters, the newest.")
@pass_invocation
def trace(
    invocation: Invocation, what: str | None, domain: str | None, since: int | None, until: int | None, limit: int
) -> None:
    """Show every step of a letter, the newest letter last.

    WHAT is the address of a sender or a recipient, a Message-ID, or the number of a letter as it stands in its
    Received field and in logs; without it all letters are meant.
    """
    wanted = admin.Wanted(what, domain, since, until)
    found = invocation.run(lambda store: admin.find(store, wanted, limit + 1, invocation.now))
    has_more, found = len(found) > limit, found[-limit:]
    if invocation.json:
        show_json(found)
        return
    if not found:
        days = invocation.configuration.trace.keep_days
        fail(f"nothing is known of {what or 'any letter'}{_narrowed(wanted)}; traces are kept for {days} days")
    for number, letter in enumerate(found):
        _show(letter, is_first=number == 0)
    if has_more:
        warn(f"these are the newest {limit}; --limit shows more")


def _narrowed(wanted: admin.Wanted) -> str:
    return " there" if (wanted.domain, wanted.since, wanted.until) != (None, None, None) else ""


def _show(letter: admin.Trace, *, is_first: bool) -> None:
    if not is_first:
        click.echo()
    click.echo(letter.number)
    width = max(len(step.what) for step in letter.steps)
    for step in letter.steps:
        at = datetime.fromtimestamp(step.at / 1000).isoformat(" ", "milliseconds")
        fields = ", ".join(f"{name.replace('_', ' ')} {_printable(value)}" for name, value in step.fields.items())
        click.echo(f"  {at}  {step.what:<{width}}  {fields}".rstrip())


def _printable(text: str) -> str:
    """What others said must not command the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
