"""Settings of blobs."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class BlobSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Message bodies and other immutable contents."""

    inline_octets: Annotated[
        int,
        Meta(ge=0, le=1 << 20, description="Contents up to this size are kept in the database, larger ones as files."),
    ] = 65_536
    compress: Annotated[bool, Meta(description="Compress files with zstd, block by block.")] = False
    keep_unused_seconds: Annotated[
        int,
        Meta(ge=60, le=31_536_000, description="How long contents that nobody holds any more are kept."),
    ] = 3600
    orphan_seconds: Annotated[
        int, Meta(ge=3600, le=31_536_000, description="How old a file that nothing names must be to be swept.")
    ] = 86_400
    sync_threads: Annotated[
        int, Meta(ge=1, le=64, description="How many files of one worker are made durable at the same time.")
    ] = 16
