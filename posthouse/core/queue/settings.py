"""Settings of the queue."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class QueueSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mail on its way to other servers."""

    first_retry_seconds: Annotated[
        int, Meta(ge=1, le=86_400, description="How long after its first failure mail is tried again; then twice that.")
    ] = 300
    last_retry_seconds: Annotated[int, Meta(ge=1, le=604_800, description="The longest time between two attempts.")] = (
        14_400
    )
    expire_seconds: Annotated[
        int, Meta(ge=60, le=31_536_000, description="How long mail is tried before it goes back to its sender.")
    ] = 432_000
    warn_seconds: Annotated[
        int, Meta(ge=0, le=31_536_000, description="After how long the sender is told of a delay; 0 for never.")
    ] = 14_400
    destinations_at_once: Annotated[
        int, Meta(ge=1, le=100_000, description="How many destinations one worker carries mail to at a time.")
    ] = 200
    hanging_seconds: Annotated[
        int,
        Meta(
            ge=1, le=3600, description="After how long without a sign of life a destination counts as one that hangs."
        ),
    ] = 5
    hanging_at_once: Annotated[
        int,
        Meta(
            ge=0,
            le=100_000,
            description="How many that hang, or were not reached the last time, a worker waits for beside the others.",
        ),
    ] = 1000
    connections_per_destination: Annotated[
        int, Meta(ge=1, le=1000, description="How many connections to one destination are open at a time.")
    ] = 10
    messages_per_connection: Annotated[
        int, Meta(ge=1, le=1_000_000, description="After how many messages a connection is ended.")
    ] = 1000
    linger_seconds: Annotated[
        float, Meta(ge=0, le=300, description="How long connections without work are kept for mail that may come.")
    ] = 1.0
    recipients_per_message: Annotated[
        int, Meta(ge=1, le=100_000, description="Most recipients in one transaction (RFC 5321 4.5.3.1.8: 100).")
    ] = 100
    unreachable_retry_seconds: Annotated[
        int,
        Meta(ge=1, le=86_400, description="How soon a destination without a host that answers is tried again."),
    ] = 60
    hold_seconds: Annotated[
        int, Meta(ge=0, le=315_360_000, description="How far ahead mail may be held for later (RFC 4865).")
    ] = 31_536_000
    report_days: Annotated[
        int, Meta(ge=1, le=3650, description="How long it is kept what became of a message and its recipients.")
    ] = 30
    returned_octets: Annotated[
        int,
        Meta(
            ge=0,
            le=104_857_600,
            description="Up to which size a message comes back whole with the report that it failed; else its header.",
        ),
    ] = 65_536
