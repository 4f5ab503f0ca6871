"""Settings of the site."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class HttpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The HTTP site."""

    metrics_networks: Annotated[
        tuple[str, ...], Meta(description="The networks that may read `/metrics`.", extra={"networks": True})
    ] = (
        "127.0.0.0/8",
        "::1/128",
    )
    request_timeout_seconds: Annotated[
        int, Meta(ge=1, le=3_600, description="How long a silent HTTP connection stays open.")
    ] = 60
    header_timeout_seconds: Annotated[
        int, Meta(ge=1, le=3_600, description="How long a request's header may take from its first octet to its last.")
    ] = 20
    access_log: Annotated[bool, Meta(description="Whether every request stands in the log.")] = True
