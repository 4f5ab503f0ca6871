"""posthouse restore: bring a backup back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import click

from posthouse.admin import restore as admin
from posthouse.server.cli.context import Command, Invocation, pass_invocation
from posthouse.server.cli.output import fail, progress, show_done, warn
from posthouse.server.control import NotRunning, ask
from posthouse.server.setting_up.files import CONFIGURATION
from posthouse.storage.lmdb.engine import StoreInUse, WriterLock


@click.command(cls=Command)
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dir", "directory", type=click.Path(file_okay=False, path_type=Path), help="A new folder to set up.")
@click.option("--replace", is_flag=True, help="Set aside the store that is there.")
@pass_invocation
def restore(invocation: Invocation, source: Path, directory: Path | None, replace: bool) -> None:
    """Bring the backup in SOURCE back, into a stopped server or with --dir into a new folder."""
    source = source.absolute()
    if directory is not None:
        admin.restore_configuration(source, directory.absolute())
        invocation = Invocation(directory.absolute() / CONFIGURATION, as_json=invocation.json)
    base = invocation.places.base
    with suppress(NotRunning):
        ask(invocation.places.control_socket, "status")
        fail("the server runs: stop it first")
    base.mkdir(mode=0o750, parents=True, exist_ok=True)
    with progress("files") as done:
        try:
            with WriterLock(invocation.places.store):
                restored = asyncio.run(
                    admin.restore(source, base, replace=replace, now=lambda: invocation.now, done=done)
                )
        except StoreInUse:
            fail("another process uses the store")
        except OSError as error:
            fail(f"{error.filename or base}: {error.strerror}")
    for location in restored.missing:
        warn(f"the backup lacks blob {location}; posthouse verify says whose it is")
    for earlier in restored.aside:
        warn(f"what was there is in {earlier}")
    show_done(f"{restored.accounts} accounts, {restored.files} files are back in {base}", restored)
