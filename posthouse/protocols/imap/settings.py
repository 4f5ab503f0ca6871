"""IMAP's slice of the configuration."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from posthouse.protocols.compression import CompressionSettings
from posthouse.protocols.imap.wire.limits import WireLimits


class ImapSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How IMAP sessions are bounded."""

    login_timeout_seconds: Annotated[
        int, Meta(ge=5, le=3600, description="How long a client may be silent before it has logged in.")
    ] = 60
    timeout_seconds: Annotated[
        int,
        Meta(ge=60, le=86_400, description="How long a client may be silent once logged in (RFC 9051 5.4: 1800)."),
    ] = 1800
    idle_timeout_seconds: Annotated[
        int, Meta(ge=60, le=86_400, description="How long one IDLE may last before the client is logged out.")
    ] = 1800
    bad_commands: Annotated[
        int, Meta(ge=1, le=10_000, description="How many commands that make no sense a client may send in all.")
    ] = 50
    failed_logins: Annotated[
        int, Meta(ge=1, le=1000, description="How many logins may fail on one connection before it is closed.")
    ] = 5
    pending_octets: Annotated[
        int,
        Meta(ge=4096, le=67_108_864, description="Octets that may wait while a command runs before reading stops."),
    ] = 262_144
    message_octets: Annotated[
        int, Meta(ge=1024, le=4_294_967_295, description="Largest message that APPEND takes, in octets.")
    ] = 104_857_600
    changed_messages: Annotated[
        int,
        Meta(
            ge=1000,
            le=4_294_967_295,
            description="Messages that one STORE, COPY, MOVE, UID EXPUNGE or APPEND may change (MESSAGELIMIT).",
        ),
    ] = 1_000_000
    eight_bit_headers: Annotated[
        bool,
        Meta(
            description="Take messages with 8-bit header fields also from clients that have not enabled UTF-8. "
            "RFC 6855 forbids it; set it while old mail is copied here."
        ),
    ] = False
    notified_mailboxes: Annotated[
        int,
        Meta(ge=1, le=1_000_000, description="Most mailboxes of an account that one session may watch with NOTIFY."),
    ] = 1000
    kept_uids: Annotated[
        int,
        Meta(ge=0, le=10_000_000, description="Messages of the largest mailbox whose UIDs an IDLE session keeps."),
    ] = 1000
    metadata_value_octets: Annotated[
        int, Meta(ge=1024, le=16_777_216, description="Largest value of one annotation (METADATA), in octets.")
    ] = 65_536
    metadata_entries: Annotated[
        int, Meta(ge=1, le=100_000, description="Most annotations that one account may keep of one mailbox.")
    ] = 100
    metadata_octets: Annotated[
        int, Meta(ge=1024, le=1_073_741_824, description="Octets of all annotations that one account may keep.")
    ] = 1_048_576
    kept_orders_octets: Annotated[
        int,
        Meta(
            ge=0,
            le=4_294_967_295,
            description="Octets that one worker keeps of how large mailboxes were sorted and threaded last.",
        ),
    ] = 16_777_216
    progress_seconds: Annotated[
        int,
        Meta(ge=0, le=3600, description="How often a client is told how far a long search has come (INPROGRESS)."),
    ] = 10  # RFC 9585 4: every 10 to 15
    connections: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Most IMAP connections that one worker holds at a time.")
    ] = 20_000
    unauthenticate: Annotated[
        bool,
        Meta(
            description="Whether a client may log in again on the same connection (UNAUTHENTICATE); a proxy that looks "
            "at logins alone may want it not to."
        ),
    ] = True  # RFC 8437 8: there must be a way
    compression: CompressionSettings = CompressionSettings()
    wire: WireLimits = WireLimits()
