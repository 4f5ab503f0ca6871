"""SMTP's and LMTP's slice of the configuration."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class SmtpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How receiving mail is bounded."""

    message_octets: Annotated[
        int, Meta(ge=1024, le=4_294_967_295, description="Largest message that is taken, in octets (RFC 1870).")
    ] = 104_857_600
    header_octets: Annotated[
        int,
        Meta(ge=16_384, le=16_777_216, description="Longest header of a user's own message, in octets."),
    ] = 1_048_576
    recipients: Annotated[
        int, Meta(ge=100, le=100_000, description="Most recipients of one message (RFC 5321 4.5.3.1.8: at least 100).")
    ] = 1000
    hops: Annotated[
        int,
        Meta(ge=10, le=1000, description="How many `Received` fields a message may have before it is held for a loop."),
    ] = 100
    timeout_seconds: Annotated[
        int, Meta(ge=5, le=3600, description="How long a client may be silent (RFC 5321 4.5.3.2.7: 300).")
    ] = 300
    data_timeout_seconds: Annotated[
        int, Meta(ge=5, le=3600, description="The same within a message (RFC 5321 4.5.3.2.5: 180).")
    ] = 180
    message_seconds: Annotated[
        int, Meta(ge=60, le=86_400, description="How long one message may take to come, however steadily it does.")
    ] = 7200
    finish_seconds: Annotated[
        int,
        Meta(
            ge=5,
            le=3600,
            description="How long to sign a message and to write a large one to the disk before the client is asked to "
            "try later (RFC 5321 4.5.3.2.6: clients wait for 600).",
        ),
    ] = 600
    greeting_delay_milliseconds: Annotated[
        int,
        Meta(
            ge=0,
            le=30_000,
            description="How long unknown servers wait for our greeting; who speaks before is turned away; 0: none.",
        ),
    ] = 200
    refuse_early_commands: Annotated[
        bool,
        Meta(
            description="Whether other servers that do not wait for replies where they must are turned away (RFC 2920)."
        ),
    ] = True
    messages_per_address_per_minute: Annotated[
        int,
        Meta(ge=0, le=1_000_000, description="How many messages unknown servers send from one address; 0: no limit."),
    ] = 1000
    recipients_per_address_per_minute: Annotated[
        int, Meta(ge=0, le=10_000_000, description="How many recipients they name from one address; 0: no limit.")
    ] = 5000
    refusals_per_address_per_minute: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000_000,
            description="After how many refused senders and recipients from one address its connections "
            "are closed at each more; 0: never.",
        ),
    ] = 300
    trusted_networks: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks of servers that are not unknown, as a filter in front of this one: they are greeted "
            "at once and have no limits for their address. This machine is always one.",
            extra={"networks": True},
        ),
    ] = ()
    xclient_networks: Annotated[
        tuple[str, ...],
        Meta(description="Networks of servers that may speak for their clients by XCLIENT.", extra={"networks": True}),
    ] = ()
    bad_commands: Annotated[
        int, Meta(ge=1, le=10_000, description="How many commands that make no sense a client may send in all.")
    ] = 20
    refused_recipients: Annotated[
        int,
        Meta(
            ge=1, le=100_000, description="How many senders and recipients of one client may be refused; not by LMTP."
        ),
    ] = 100
    failed_logins: Annotated[
        int, Meta(ge=1, le=1000, description="How many logins may fail on one connection before it is closed.")
    ] = 5
    line_octets: Annotated[
        int, Meta(ge=1000, le=65_536, description="Longest command line (RFC 4954 4: 12288 for its longest responses).")
    ] = 12_288
    pending_octets: Annotated[
        int,
        Meta(ge=4096, le=67_108_864, description="Octets that may wait while a command runs before reading stops."),
    ] = 262_144
    connections: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Most connections that one worker holds at a time, per listener.")
    ] = 20_000
