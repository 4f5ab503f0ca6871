"""Settings of the store."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class StoreSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The store process and its database."""

    map_octets: Annotated[
        int,
        Meta(ge=1 << 24, le=1 << 46, description="How large the database file may grow; address space, not disk."),
    ] = 1 << 40
    readers: Annotated[
        int, Meta(ge=16, le=8192, description="How many processes and threads may read the database at once.")
    ] = 512
    batch_operations: Annotated[
        int, Meta(ge=1, le=100_000, description="How many operations one commit takes together at most.")
    ] = 500
    batch_milliseconds: Annotated[
        int, Meta(ge=1, le=10_000, description="How long a commit gathers operations before it is made.")
    ] = 50
    gather_milliseconds: Annotated[
        int,
        Meta(
            ge=0,
            le=1000,
            description="How long a commit waits for more operations, while many come and processors are scarce.",
        ),
    ] = 1
    batch_octets: Annotated[
        int, Meta(ge=1 << 16, le=1 << 30, description="How many octets of requests one commit takes together at most.")
    ] = 32 << 20
    frame_octets: Annotated[
        int, Meta(ge=1 << 20, le=1 << 30, description="How large one request or answer of the store process may be.")
    ] = 256 << 20
    answer_seconds: Annotated[
        float,
        Meta(gt=0, le=600, description="How long a worker waits for a store process before it says: try later."),
    ] = 30.0
    silent_seconds: Annotated[
        float,
        Meta(
            ge=0,
            le=86_400,
            description="How long the store process may give no sign of life, as when it hangs, before it is killed "
            "and started again; 0 for ever.",
        ),
    ] = 120.0
    changes_kept: Annotated[
        int,
        Meta(ge=100, le=1 << 40, description="Changes of an account that are kept for clients that were long away."),
    ] = 100_000
    remember_seconds: Annotated[
        float,
        Meta(
            ge=60,
            le=86_400,
            description="How long answers are remembered for a worker that may ask again; it does for half as long.",
        ),
    ] = 600.0
