"""What every verb is called with, and the classes that verbs are declared with.

    @click.group(cls=Group)
    def domain() -> None: ...

    @domain.command("list")
    @pass_invocation
    def list_(invocation: Invocation) -> None:
        show_table(invocation.run(admin.domain.list_all), ["name", "accounts"])

A verb that stands alone is `@click.command(cls=Command)`. All take `--json`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import click

from posthouse.server.cli.output import fail
from posthouse.server.cli.refusals import words
from posthouse.server.configuration import Configuration, ConfigurationError, read_configuration
from posthouse.server.configuration.tree import Places, places
from posthouse.storage.clock import now_ms
from posthouse.storage.contract import Refused, Store, StoreUnavailable

R = TypeVar("R")

USUAL_FILES = (Path("posthouse.toml"), Path("/etc/posthouse/posthouse.toml"))


class Invocation:
    """One run of the command: its configuration, how it prints, and the way to the store."""

    def __init__(self, file: Path | None = None, *, as_json: bool = False) -> None:
        self._file = file
        self.json = as_json

    @cached_property
    def file(self) -> Path:
        """The configuration file; ends the command when there is none."""
        if self._file is not None:
            return self._file
        found = next((file for file in USUAL_FILES if file.is_file()), None)
        if found is None:
            fail("no configuration file: give --config FILE or run posthouse init")
        return found

    @cached_property
    def configuration(self) -> Configuration:
        """The settings; ends the command when they cannot be used."""
        try:
            return read_configuration(self.file)
        except ConfigurationError as error:
            fail(str(error))

    @property
    def places(self) -> Places:
        """Where the installation's files are."""
        return places(self.configuration)

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Store]:
        """The store: through the running server, else opened here with its lock."""
        from posthouse.server.cli.stores import open_store  # noqa: PLC0415 - what needs no store starts without it

        async with open_store(self.configuration) as store:
            yield store

    def run(self, work: Callable[[Store], Coroutine[Any, Any, R]]) -> R:
        """What `work` makes of the store."""

        async def with_store() -> R:
            async with self.store() as store:
                return await work(store)

        return asyncio.run(with_store())

    @property
    def now(self) -> int:
        """Ms since the epoch."""
        return now_ms()


pass_invocation = click.make_pass_decorator(Invocation)


def _set_json(context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Invocation).json = True


class Command(click.Command):
    """A verb; adds `--json`. What the core refuses ends it with a line that says why."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(["--json"], is_flag=True, expose_value=False, callback=_set_json, help="Print JSON.")
        )

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Refused as refusal:
            fail(words(refusal))
        except StoreUnavailable as error:
            fail(f"the store cannot answer now: {error}")


class Group(click.Group):
    """A noun with verbs."""

    command_class = Command
