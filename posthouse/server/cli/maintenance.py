"""What verbs that look after the store share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from posthouse.core.maintenance.faults import Fault
from posthouse.server.cli.context import Invocation
from posthouse.storage.blobs.files import FileBlobs


@contextmanager
def opened_blobs(invocation: Invocation) -> Iterator[FileBlobs]:
    """The installation's blobs."""
    blobs = FileBlobs(invocation.places.blobs, invocation.configuration.blobs)
    try:
        yield blobs
    finally:
        blobs.close()


def show_faults(heading: str, faults: list[Fault]) -> None:
    """A line each."""
    for fault in faults:
        remedy = f" (mended by {fault.mend})" if fault.mend and heading == "fault" else ""
        click.echo(f"{heading}: {fault.where}: {fault.what}{remedy}")
