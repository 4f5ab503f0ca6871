"""COMPARATOR: by which rules text is searched and sorted; RFC 5255 4.7.

There is one, i;unicode-casemap, which the RFC wants of every server: what is kept for searching and sorting is folded
by it already.
"""

from __future__ import annotations

import re

from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import No
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.session import Comparator

ACTIVE = "i;unicode-casemap"


async def comparator(command: Comparator, user: User) -> Ok:
    """Show it; whoever asks for others only is told that there is none of them."""
    if command.wanted and not any(map(_means, command.wanted)):
        raise No("Text is compared by " + ACTIVE, "BADCOMPARATOR")  # RFC 5255 4.9
    user.output.write(encoder.comparator(ACTIVE))
    return Ok("So it is")


def _means(wanted: str) -> bool:
    """True for the name, "default", and a pattern such as "i;*" (RFC 4790 3.2), maybe with an order before it."""
    pattern = wanted.removeprefix("+").removeprefix("-")
    return pattern == "default" or re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), ACTIVE) is not None
