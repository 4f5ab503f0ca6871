"""What a listener is there for."""

from __future__ import annotations

import msgspec


class Role(msgspec.Struct, frozen=True):
    """`lmtp`: replies per recipient (RFC 2033). `submission`: the users' own programs, who log in (RFC 6409)."""

    lmtp: bool = False
    submission: bool = False

    @property
    def protocol(self) -> str:
        """What it speaks."""
        return "LMTP" if self.lmtp else "ESMTP"

    @property
    def is_trusted(self) -> bool:
        """True where no stranger comes."""
        return self.lmtp or self.submission


MX = Role()
SUBMISSION = Role(submission=True)
LMTP = Role(lmtp=True)
