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
    forwarding_proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks of HTTP proxies in front of the site, whose X-Forwarded-For and X-Forwarded-Proto "
            "say who asks and whether by TLS. From nobody else is that believed.",
            extra={"networks": True},
        ),
    ] = ()
    requests_per_second: Annotated[
        float,
        Meta(
            gt=0,
            le=1_000_000,
            description="How many requests a second one address (IPv6: one /64) may make to a worker, on the average; "
            "more are answered with 429.",
        ),
    ] = 500.0
    request_burst: Annotated[
        int, Meta(ge=1, le=10_000_000, description="How many requests it may make at a stretch before that counts.")
    ] = 5_000
    requests_at_once: Annotated[
        int, Meta(ge=1, le=1_000_000, description="How many requests of one address a worker serves at the same time.")
    ] = 100
    unthrottled_networks: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks whose requests are not counted; those of proxies are not, either.",
            extra={"networks": True},
        ),
    ] = (
        "127.0.0.0/8",
        "::1/128",
    )
    throttled_addresses: Annotated[
        int, Meta(ge=100, le=10_000_000, description="How many addresses a worker counts requests of at most.")
    ] = 20_000
    cors_origins: Annotated[
        tuple[str, ...],
        Meta(
            description="The sites, such as https://mail.example.org, whose pages may ask this one across origins "
            '(CORS), "*" for all: for JMAP, once it is there, and what is public below `/.well-known/`.'
        ),
    ] = ()
    cors_webdav: Annotated[bool, Meta(description="Whether their pages may ask WebDAV too.")] = False
