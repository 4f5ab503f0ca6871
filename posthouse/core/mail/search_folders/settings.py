"""How far search folders may go."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class SearchFolderSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many, and how much each may ask."""

    folders: Annotated[int, Meta(ge=0, le=10_000, description="Most search folders of one account; 0 for none.")] = 100
    keys: Annotated[
        int, Meta(ge=1, le=10_000, description="Most keys, such as `FROM ann`, in the criteria of a search folder.")
    ] = 100
