"""posthouse account forward, posthouse account delegate: who else has an account's mail, and who else has its name."""

from __future__ import annotations

import click

from posthouse.admin import account as admin
from posthouse.core.accounts.accounts import AccountShown
from posthouse.server.cli.context import Command, Invocation, pass_invocation
from posthouse.server.cli.output import show_record


@click.command("forward", cls=Command)
@click.argument("address")
@click.option("--to", "to", metavar="ADDRESS", multiple=True, help="Where to, here or elsewhere; may be repeated.")
@click.option("--no-copy", is_flag=True, help="Keep none of the mail here.")
@click.option("--off", is_flag=True, help="Pass no more mail on.")
@pass_invocation
def forward(invocation: Invocation, address: str, to: tuple[str, ...], no_copy: bool, off: bool) -> None:
    """Pass an account's mail on to these addresses and to no others; without options, show where it goes."""
    if off and (to or no_copy):
        raise click.UsageError("--off stands alone")
    if no_copy and not to:
        raise click.UsageError("--no-copy goes with --to")
    if off or to:
        invocation.run(lambda store: admin.forward(store, address, list(to), keeps=not no_copy))
    found = _found(invocation, address)
    fields = {"address": found.address, "forward_to": found.forward_to, "forward_keeps": found.forward_keeps}
    show_record({**fields, "forward_to": list(found.forward_to)})


@click.command("delegate", cls=Command)
@click.argument("address")
@click.option("--add", "more", metavar="WHO", multiple=True, help="An account, or a group of them; may be repeated.")
@click.option("--remove", "gone", metavar="WHO", multiple=True, help="Who may no more; may be repeated.")
@pass_invocation
def delegate(invocation: Invocation, address: str, more: tuple[str, ...], gone: tuple[str, ...]) -> None:
    """Let others send in the name of an account; without options, show who may."""
    if more or gone:
        invocation.run(lambda store: admin.delegate(store, address, list(more), list(gone)))
    found = _found(invocation, address)
    show_record({"address": found.address, "delegates": list(found.delegates)})


def _found(invocation: Invocation, address: str) -> AccountShown:
    return invocation.run(lambda store: admin.show(store, address)).account
