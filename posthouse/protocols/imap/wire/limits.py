"""How much one peer may ask a decoder to hold or to understand."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class WireLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, cache_hash=True):
    """Bounds of one connection's command decoder."""

    line_octets: Annotated[
        int, Meta(ge=1000, le=16_777_216, description="Longest command line, in octets, without its literals.")
    ] = 65_536
    literal_octets: Annotated[
        int, Meta(ge=1000, le=16_777_216, description="Largest literal, in octets, in commands other than APPEND.")
    ] = 65_536
    command_octets: Annotated[
        int,
        Meta(ge=1000, le=67_108_864, description="Largest command, in octets, with all its lines and short literals."),
    ] = 262_144
    appended_messages: Annotated[
        int, Meta(ge=1, le=100_000, description="Most messages in one APPEND command (MULTIAPPEND).")
    ] = 1_000
    sequence_ranges: Annotated[int, Meta(ge=10, le=1_000_000, description="Most ranges in one sequence set.")] = 20_000
    search_keys: Annotated[int, Meta(ge=10, le=100_000, description="Most keys in one SEARCH.")] = 1_000
    nesting: Annotated[
        int,
        Meta(ge=2, le=100, description="Deepest nesting of lists and NOT in SEARCH. ORs in one another hardly count."),
    ] = 32
    list_items: Annotated[
        int,
        Meta(ge=10, le=100_000, description="Most items in one list: flags, attributes, header names, patterns."),
    ] = 1_000
