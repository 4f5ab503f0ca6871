"""Settings of blobs."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class BlobSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Message bodies and other large contents."""

    inline_octets: Annotated[
        int,
        Meta(ge=0, le=1 << 24, description="Contents up to so many octets stay in the database, larger ones in files."),
    ] = 65_536
    compression_level: Annotated[
        int, Meta(ge=0, le=19, description="The level at which files are compressed with zstd; 0 for not at all.")
    ] = 0
    sync_threads: Annotated[
        int, Meta(ge=1, le=64, description="How many files of one worker are made durable at the same time.")
    ] = 16
    collect_delay_seconds: Annotated[
        int,
        Meta(ge=60, le=31_536_000, description="How long contents that nobody holds any more stay before they go."),
    ] = 3_600
    orphan_seconds: Annotated[
        int,
        Meta(ge=3_600, le=31_536_000, description="How old a file must be before it may be swept as nobody's."),
    ] = 86_400
