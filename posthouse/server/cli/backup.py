"""posthouse backup: write a backup while the server runs."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click

from posthouse.admin import backup as admin
from posthouse.server.cli.context import Command, Invocation, pass_invocation
from posthouse.server.cli.output import fail, progress, show_done, warn


@click.command(cls=Command)
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@pass_invocation
@click.pass_context
def backup(context: click.Context, invocation: Invocation, directory: Path) -> None:
    """Write a backup into DIRECTORY, also while the server runs; into an earlier backup only what is new.

    Ends with status 1 when something that should be in it was missing.
    """
    places = invocation.places
    source = admin.Source(
        places.base, places.blobs, [invocation.file.absolute(), places.certificate, places.certificate_key]
    )
    with progress("files") as done:
        try:
            written = invocation.run(
                lambda store: admin.backup(
                    cast(admin.CopiedStore, store), source, directory.absolute(), lambda: invocation.now, done
                )
            )
        except OSError as error:
            fail(f"{error.filename or directory}: {error.strerror}")
    for location in written.missing:
        warn(f"blob {location} is missing; posthouse verify says whose it is")
    manifest = written.manifest
    show_done(f"{directory}: {manifest.files} files, {written.copied} of them new", written)
    context.exit(1 if written.missing else 0)
