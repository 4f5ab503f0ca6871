"""Settings of sharing."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Reach = Literal["domain", "server"]


class SharingSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom people may share their folders with."""

    reach: Annotated[
        Reach,
        Meta(
            description="Whom folders can be shared with, and who is meant by `anyone`: the accounts and groups of the "
            "owner's domain, or of the whole server."
        ),
    ] = "domain"
    grants: Annotated[
        int, Meta(ge=1, le=100_000, description="How many people and groups one folder may be shared with.")
    ] = 500
