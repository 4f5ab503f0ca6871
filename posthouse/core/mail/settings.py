"""How many mailboxes there may be, and what is kept of mail that is no longer in any."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class MailSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many mailboxes, and how long expunged mail can be put back."""

    mailboxes: Annotated[
        int,
        Meta(
            ge=10,
            le=1_000_000,
            description="Most mailboxes of one account or group, search folders among them. Who has more keeps them.",
        ),
    ] = 10_000
    undelete_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36_500,
            description="For how many days `posthouse account undelete` can put back what was expunged; 0: it goes "
            "within ten minutes.",
        ),
    ] = 14
