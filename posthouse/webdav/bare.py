"""Trees without what only some have: values that are told, earlier contents, small pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from posthouse.webdav.tree import Member


class BareTree:
    """What such trees have in common."""

    async def told(self, members: Sequence[Member], names: Sequence[str]) -> Mapping[int, Mapping[str, bytes]]:
        """None are told here."""
        return {}

    async def earlier(self, member: Member, revision: int) -> Member | None:
        """Nothing is kept of what was."""
        return None

    def has_picture(self, member: Member) -> bool:
        """Nothing here has one."""
        return False

    async def picture(self, member: Member, side: int) -> bytes | None:
        """Nothing here has one."""
        return None
