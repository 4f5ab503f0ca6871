"""posthouse account search-folder: mailboxes that show what fits, wherever it is."""

from __future__ import annotations

import click
import msgspec

from posthouse.admin import search_folder as admin
from posthouse.core.mail.mailboxes import SEPARATOR
from posthouse.core.mail.search_folders.defining import NamedPlace, SearchFolder, Wanted
from posthouse.protocols.imap.wire.criteria import BadCriteria, criteria_text, read_criteria
from posthouse.server.cli.context import Group, Invocation, pass_invocation
from posthouse.server.cli.output import show_done, show_table

BELOW = SEPARATOR + "*"


class SearchFolderShown(msgspec.Struct, frozen=True):
    """A search folder as it is printed; `places` as `--in` takes them, none for everywhere."""

    name: str
    criteria: str
    places: list[str]
    main: str | None


@click.group("search-folder", cls=Group)
def search_folder() -> None:
    """Mailboxes that show what fits, wherever it is."""


@search_folder.command("list")
@click.argument("address")
@pass_invocation
def list_(invocation: Invocation, address: str) -> None:
    """List an account's search folders."""
    found = invocation.run(lambda store: admin.list_all(store, address))
    show_table([_shown(one) for one in found], ["name", "criteria", "places", "main"])


@search_folder.command("add")
@click.argument("address")
@click.argument("name")
@click.argument("criteria")
@click.option(
    "--in",
    "places",
    metavar="MAILBOX",
    multiple=True,
    help='Look there; "Work/*" for Work and all under it; may be repeated. Else everywhere but in trash and spam.',
)
@click.option("--main", metavar="MAILBOX", help="Where what is put into the folder goes.")
@pass_invocation
def add(
    invocation: Invocation, address: str, name: str, criteria: str, places: tuple[str, ...], main: str | None
) -> None:
    """Make a search folder, or change what it looks for: CRITERIA as IMAP's SEARCH has them, "UNSEEN FROM ann"."""
    configuration, now = invocation.configuration, invocation.now
    try:
        key = read_criteria(criteria.encode(), configuration.imap.wire)
    except BadCriteria as error:
        raise click.UsageError(f"CRITERIA: {error}") from None
    looked_at = [NamedPlace(place.removesuffix(BELOW), place.endswith(BELOW)) for place in places]
    wanted, settings = Wanted(key, looked_at, main), configuration.search_folders
    invocation.run(lambda store: admin.add(store, address, name, wanted, settings, now, configuration.mail))
    show_done(f"{name} shows {criteria}", _show(name, wanted))


@search_folder.command("remove")
@click.argument("address")
@click.argument("name")
@pass_invocation
def remove(invocation: Invocation, address: str, name: str) -> None:
    """Delete a search folder; the messages stay where they are."""
    now = invocation.now
    invocation.run(lambda store: admin.remove(store, address, name, now))
    show_done(f"{name} removed")


def _shown(folder: SearchFolder) -> SearchFolderShown:
    return _show(folder.mailbox.name, folder.wanted)


def _show(name: str, wanted: Wanted) -> SearchFolderShown:
    places = [place.name + (BELOW if place.below else "") for place in wanted.places]
    return SearchFolderShown(name, criteria_text(wanted.criteria).decode(), places, wanted.main)
