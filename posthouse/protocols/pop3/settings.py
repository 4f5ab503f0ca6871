"""POP3's slice of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct


class Pop3Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What POP3 does with mail, and how its sessions are bounded."""

    deleted: Annotated[
        Literal["expunge", "trash"],
        Meta(description="What becomes of messages that a client deletes: they go, or they move to the Trash mailbox."),
    ] = "expunge"
    marks_seen: Annotated[bool, Meta(description="Whether a message that was fetched whole is marked as read.")] = True
    expire_days: Annotated[
        int,
        Meta(
            ge=-1,
            le=36_500,
            description="How long mail may be left here (RFC 2449, EXPIRE): when a session ends, messages that "
            "were read before and came so many days ago go as if deleted; 0: those that the session fetched; -1: none.",
        ),
    ] = -1
    login_delay_seconds: Annotated[
        int, Meta(ge=0, le=86_400, description="How long an account must wait between two logins (RFC 2449); 0: not.")
    ] = 0
    lock_seconds: Annotated[
        int,
        Meta(ge=10, le=3600, description="For how long a maildrop stays locked when the worker of its session dies."),
    ] = 120
    login_timeout_seconds: Annotated[
        int, Meta(ge=5, le=3600, description="How long a client may be silent before it has logged in.")
    ] = 60
    timeout_seconds: Annotated[
        int, Meta(ge=60, le=86_400, description="How long a client may be silent once logged in (RFC 1939 3: 600).")
    ] = 600
    bad_commands: Annotated[
        int, Meta(ge=1, le=10_000, description="How many commands that make no sense a client may send in all.")
    ] = 20
    failed_logins: Annotated[
        int, Meta(ge=1, le=1000, description="How many logins may fail on one connection before it is closed.")
    ] = 5
    line_octets: Annotated[
        int, Meta(ge=512, le=65_536, description="Longest line that a client may send (RFC 5034 4: its responses).")
    ] = 12_288
    pending_octets: Annotated[
        int,
        Meta(ge=4096, le=67_108_864, description="Octets that may wait while a command runs before reading stops."),
    ] = 65_536
    connections: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Most POP3 connections that one worker holds at a time.")
    ] = 20_000
