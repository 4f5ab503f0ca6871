"""posthouse verify: check all that is stored."""

from __future__ import annotations

from pathlib import Path

import click

from posthouse.admin import verify as admin
from posthouse.core.search.checking import Checked, check_index
from posthouse.server.cli.context import Command, Invocation, pass_invocation
from posthouse.server.cli.maintenance import opened_blobs, show_faults
from posthouse.server.cli.output import progress, show_json
from posthouse.server.indexer.folder import index_directory, texts_directory
from posthouse.storage.contract import Store
from posthouse.storage.lmdb.readonly import ReadOnlyStore
from posthouse.storage.settings import StoreSettings


@click.command(cls=Command)
@click.option("--quick", is_flag=True, help="Leave the octets of the letters unread.")
@click.option("--account", metavar="ADDRESS", help="Check this account alone.")
@pass_invocation
@click.pass_context
def verify(context: click.Context, invocation: Invocation, quick: bool, account: str | None) -> None:
    """Check all that is stored; ends with status 1 when something does not fit."""
    with opened_blobs(invocation) as blobs, progress("accounts") as done:
        report = invocation.run(
            lambda store: admin.verify(
                store, blobs, invocation.configuration.mime, quick=quick, address=account, done=done
            )
        )
        if account is None and invocation.configuration.search.enabled:
            found = invocation.run(lambda store: _check_search(store, invocation.places.search, quick=quick))
            report.faults += found.faults
            report.notices += found.notices
            report.checked.update(indexed=found.documents)
    if invocation.json:
        show_json(report)
    else:
        show_faults("fault", report.faults)
        for notice in report.notices:
            click.echo(f"note: {notice}")
        click.echo(f"{report.checked['accounts']} accounts, {report.checked['messages']} messages: ", nl=False)
        click.echo(f"{len(report.faults)} faults" if report.faults else "all is well")
    context.exit(1 if report.faults else 0)


async def _check_search(store: Store, base: Path, *, quick: bool) -> Checked:
    texts = ReadOnlyStore(texts_directory(base), StoreSettings())
    try:
        return await check_index(store, texts, index_directory(base), quick=quick)
    finally:
        texts.close()
