"""From the name that an account calls a mailbox by to the account that it is in, its name there, and one's rights."""

from __future__ import annotations

import msgspec

from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.sharing.errors import NotAllowed
from posthouse.core.sharing.rights import ALL, Right


class Found(msgspec.Struct, array_like=True, frozen=True):
    """What a name leads to: mailbox `name` of `account`. `called` is the name as it was asked for."""

    account: int
    name: str
    called: str
    rights: Right

    def need(self, rights: Right) -> None:
        """Raise NotAllowed unless one has all of these; NoSuchMailbox where one may not even know of it."""
        if rights & ~self.rights:
            raise (NotAllowed if self.rights & Right.LOOKUP else NoSuchMailbox)(self.called)

    @property
    def is_free(self) -> bool:
        """True when one may do everything with it."""
        return self.rights == ALL


def own(account: int, name: str) -> Found:
    """A mailbox of one's own, whether there is one of that name or not."""
    return Found(account, name, name, ALL)
