"""Settings of the trace."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class TraceSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept of each letter's way through the server."""

    keep_days: Annotated[
        int, Meta(ge=1, le=3650, description="How long it is kept what was done with a letter (`posthouse trace`).")
    ] = 14
    waiting_events: Annotated[
        int,
        Meta(ge=1, le=10_000_000, description="How many steps a worker remembers at most until they are written."),
    ] = 10_000
