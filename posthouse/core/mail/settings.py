"""What is kept of mail that is no longer in any mailbox."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class MailSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long expunged mail can be put back."""

    undelete_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36_500,
            description="For how many days `posthouse account undelete` can put back what was expunged; 0: it goes "
            "within ten minutes.",
        ),
    ] = 14
