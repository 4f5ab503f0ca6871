"""Settings of what people may send."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class SendingSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people may send."""

    daily_recipients: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000_000_000,
            description="How many recipients an account may write to in a day (UTC), 0 for no limit; "
            "`account quota --daily-recipients` sets another for one.",
        ),
    ] = 10_000
