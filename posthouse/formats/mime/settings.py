"""How much of a message the scanner looks at; whatever lies beyond is kept, and shown as one opaque part."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class MimeLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of the MIME scanner. They bound memory and time, never what is accepted."""

    nesting_count: Annotated[
        int,
        Meta(ge=2, le=100, description="How deep parts may stand in one another; deeper ones stay whole."),
    ] = 50
    part_count: Annotated[
        int, Meta(ge=2, le=100_000, description="How many parts a message is taken apart into; the rest is one part.")
    ] = 1000
    header_octets: Annotated[
        int, Meta(ge=1024, le=16_777_216, description="How much of one header is read; the rest of it has no effect.")
    ] = 262_144
    all_headers_octets: Annotated[
        int, Meta(ge=1024, le=67_108_864, description="How much is read of all headers in a message together.")
    ] = 524_288
    header_line_count: Annotated[int, Meta(ge=10, le=100_000, description="How many lines of one header are read.")] = (
        5000
    )
    parameter_count: Annotated[int, Meta(ge=1, le=10_000, description="How many parameters of one field are read.")] = (
        100
    )
    boundary_octets: Annotated[
        int, Meta(ge=70, le=990, description="The longest multipart boundary that is believed.")
    ] = 250
    text_octets: Annotated[
        int, Meta(ge=0, le=65_536, description="How much of the first text, still encoded, is kept for the preview.")
    ] = 12_288
