"""Settings of the relay client."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class RelaySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How other servers are spoken to; the times are those of RFC 5321 4.5.3.2."""

    connect_seconds: Annotated[int, Meta(ge=1, le=3600, description="How long a connection may take to stand.")] = 30
    tls_seconds: Annotated[int, Meta(ge=1, le=3600, description="How long the handshake of TLS may take.")] = 60
    greeting_seconds: Annotated[int, Meta(ge=1, le=3600, description="How long a server may take to greet.")] = 300
    command_seconds: Annotated[
        int, Meta(ge=1, le=3600, description="How long it may take to answer EHLO, STARTTLS, AUTH, MAIL and RSET.")
    ] = 300
    recipient_seconds: Annotated[int, Meta(ge=1, le=3600, description="How long it may take to answer RCPT.")] = 300
    data_seconds: Annotated[int, Meta(ge=1, le=3600, description="How long it may take to answer DATA.")] = 120
    block_seconds: Annotated[
        int, Meta(ge=1, le=3600, description="How long it may take to take a piece of the message.")
    ] = 180
    end_seconds: Annotated[
        int, Meta(ge=1, le=7200, description="How long it may take to answer to the whole message.")
    ] = 600
    quit_seconds: Annotated[int, Meta(ge=1, le=300, description="How long it may take to say goodbye.")] = 5
    line_octets: Annotated[
        int, Meta(ge=512, le=65_536, description="Longest line of a reply (RFC 5321 4.5.3.1.5: 512).")
    ] = 4096
    reply_lines: Annotated[int, Meta(ge=16, le=10_000, description="Most lines of one reply.")] = 200
    reply_octets: Annotated[int, Meta(ge=512, le=1_048_576, description="Largest reply in all.")] = 32_768
    pipelined: Annotated[
        int, Meta(ge=1, le=1000, description="Most commands that are sent before their replies are read (RFC 2920).")
    ] = 100
    scram_iterations: Annotated[
        int,
        Meta(ge=4096, le=100_000_000, description="Most rounds that a smart host's SCRAM may ask for (RFC 5802 3)."),
    ] = 1_000_000
