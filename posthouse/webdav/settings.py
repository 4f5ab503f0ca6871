"""Settings of WebDAV."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class WebDavSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Files by WebDAV."""

    request_octets: Annotated[
        int, Meta(ge=1_000, le=100_000_000, description="How many octets the XML of a request may have.")
    ] = 1_000_000
    upload_octets: Annotated[int, Meta(ge=1, le=1 << 50, description="How many octets one uploaded file may have.")] = (
        64 << 30
    )
    lock_seconds: Annotated[
        int, Meta(ge=60, le=31_536_000, description="How long a lock may last before it must be renewed.")
    ] = 86_400
