"""Settings of what the site says of this server."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct


class WebSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Documents about our domains."""

    mta_sts: Annotated[
        Literal["enforce", "testing", "off"],
        Meta(description="Our own MTA-STS policy: others must insist on our certificate, only report, or get none."),
    ] = "testing"
    mta_sts_max_age_seconds: Annotated[
        int, Meta(ge=3_600, le=31_557_600, description="How long others keep that policy.")
    ] = 604_800
    autoconfig: Annotated[bool, Meta(description="Whether mail programs may ask how to reach this server.")] = True
    shares: Annotated[bool, Meta(description="Whether share links are served, at `/share/`.")] = True
    share_login_seconds: Annotated[
        int, Meta(ge=60, le=86_400, description="How long a browser is let in that knew a share link's password.")
    ] = 3_600
    share_upload_octets: Annotated[
        int, Meta(ge=1, le=1 << 50, description="How many octets one upload by a share link may have.")
    ] = 4 << 30
    share_zip_files: Annotated[
        int,
        Meta(ge=1, le=10_000_000, description="How many files and folders one zip archive of a share link may have."),
    ] = 100_000
