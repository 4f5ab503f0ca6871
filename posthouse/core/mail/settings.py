"""How many mailboxes there may be and how they may be called, and what is kept of mail that is no longer in any."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class MailSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many mailboxes, how long their names, and how long expunged mail can be put back."""

    mailboxes: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Most mailboxes of one account or group, search folders among them. Who has more keeps them.",
        ),
    ] = 10_000
    name_octets: Annotated[
        int,
        Meta(
            ge=100,
            le=1_000,
            description="How many octets of UTF-8 the name of a mailbox may have, with those above it. Longer "
            "ones that are there stay.",
        ),
    ] = 1_000
    levels: Annotated[
        int, Meta(ge=1, le=100, description="How deep mailboxes may stand below one another; 1: there is one level.")
    ] = 20
    undelete_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36_500,
            description="For how many days `posthouse account undelete` can put back what was expunged; 0: it goes "
            "within ten minutes.",
        ),
    ] = 14
