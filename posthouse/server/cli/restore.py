"""posthouse restore: bring a backup back."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, suppress
from pathlib import Path

import click

from posthouse.admin import restore as admin
from posthouse.server.cli.context import Command, Invocation, pass_invocation
from posthouse.server.cli.output import fail, progress, show_done, warn
from posthouse.server.cli.stores import log_to_standard_error
from posthouse.server.control import NotRunning, ask
from posthouse.server.setting_up.files import CONFIGURATION
from posthouse.storage.lmdb.engine import StoreInUse, WriterLock


@click.command(cls=Command)
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dir", "directory", type=click.Path(file_okay=False, path_type=Path), help="A new folder to set up.")
@click.option("--replace", is_flag=True, help="Set aside the store that is there.")
@pass_invocation
@click.pass_context
def restore(
    context: click.Context, invocation: Invocation, source: Path, directory: Path | None, replace: bool
) -> None:
    """Bring the backup in SOURCE back, into a stopped server or with --dir into a new folder.

    Ends with status 1 when the backup lacks something.
    """
    source = source.absolute()
    log_to_standard_error()
    with ExitStack() as undone:
        if directory is not None:
            asyncio.run(admin.check_backup(source))
            undone.enter_context(admin.restored_configuration(source, directory.absolute()))
            invocation = Invocation(directory.absolute() / CONFIGURATION, as_json=invocation.json)
        restored = _restore(invocation, source, replace)
    for location in restored.missing:
        warn(f"the backup lacks blob {location}; posthouse verify says whose it is")
    for location in restored.damaged:
        warn(f"blob {location} is damaged in the backup; posthouse verify says whose it is")
    for earlier in restored.aside:
        warn(f"what was there is in {earlier}")
    show_done(f"{restored.accounts} accounts, {restored.files} files are back in {invocation.places.base}", restored)
    context.exit(1 if restored.missing or restored.damaged else 0)


def _restore(invocation: Invocation, source: Path, replace: bool) -> admin.Restored:
    base = invocation.places.base
    with suppress(NotRunning):
        ask(invocation.places.control_socket, "status")
        fail("the server runs: stop it first")
    base.mkdir(mode=0o750, parents=True, exist_ok=True)
    with progress("files") as done:
        try:
            with WriterLock(invocation.places.store):
                return asyncio.run(admin.restore(source, base, replace=replace, now=lambda: invocation.now, done=done))
        except StoreInUse:
            fail("another process uses the store")
        except OSError as error:
            fail(f"{error.filename or base}: {error.strerror}")
