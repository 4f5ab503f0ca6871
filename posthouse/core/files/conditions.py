"""What must hold for a change to be made, looked at in the transaction that makes it; RFC 9110 13, RFC 4918 10.4."""

from __future__ import annotations

import msgspec

from posthouse.core.files.errors import ConditionFailed
from posthouse.core.files.records import Entry
from posthouse.core.sharing.settings import Reach

ANY = "*"


class Conditions(msgspec.Struct, array_like=True, frozen=True):
    """Who asks, the lock tokens that he sent, and which contents he thinks are there.

    `match`: the file is there with one of these ETags, or any for "*" (RFC 9110 13.1.1); `none_match`: it is not there
    with one of these, or not at all for "*" (13.1.2). ETags are without their quotes. `reach` is how far sharing
    goes; `by_link` when somebody else comes by a share link of his.
    """

    who: int
    tokens: tuple[str, ...] = ()
    match: tuple[str, ...] | None = None
    none_match: tuple[str, ...] | None = None
    reach: Reach = "domain"
    by_link: bool = False

    def check(self, name: str, entry: Entry | None) -> None:
        """Raise ConditionFailed when what is there is not what was meant."""
        if self.match is not None and (entry is None or not _names(self.match, entry)):
            raise ConditionFailed(name)
        if self.none_match is not None and entry is not None and _names(self.none_match, entry):
            raise ConditionFailed(name)


def _names(etags: tuple[str, ...], entry: Entry) -> bool:
    return ANY in etags or (not entry.is_folder and entry.etag in etags)
