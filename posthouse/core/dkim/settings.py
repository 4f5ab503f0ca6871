"""Settings of DKIM keys."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class DkimSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys that sign mail (DKIM)."""

    rotate_days: Annotated[
        int,
        Meta(
            ge=0,
            le=3650,
            description="After how many days new keys are made by themselves, whose DNS records you must then publish "
            "(posthouse dkim list); 0 for never.",
        ),
    ] = 0
    publish_days: Annotated[
        int, Meta(ge=0, le=365, description="How long new keys are to be published before they sign.")
    ] = 3
    keep_days: Annotated[
        int, Meta(ge=1, le=365, description="How long old keys are to stay published after they have signed last.")
    ] = 14
