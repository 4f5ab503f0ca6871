"""UIDBATCHES: ranges of UIDs that hold equally many messages each, from the newest to the oldest; RFC 10022."""

from __future__ import annotations

from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import No
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands import UidBatches

LEAST_MESSAGES = 500  # in a batch: so that nobody counts messages by it (RFC 10022 3.1)
MOST_BATCHES = 10_000


async def uid_batches(command: UidBatches, view: View, user: User) -> Ok:
    """Show the batches that were asked for; the last may hold fewer messages."""
    size = command.size
    if size < LEAST_MESSAGES:
        raise No(f"A batch has at least {LEAST_MESSAGES} messages", "TOOFEW")
    uids = await view.uids()
    count = -(-len(uids) // size)
    first, last = command.batches or (1, max(count, 1))
    if min(last, count) - first >= MOST_BATCHES:
        raise No(f"No more than {MOST_BATCHES} batches are told at once", "TOOMANY")
    found = []
    for number in range(first, min(last, count) + 1):
        stop = len(uids) - (number - 1) * size
        found.append((uids[stop - 1], uids[max(stop - size, 0)]))
    user.output.write(encoder.uid_batches(command.tag, found))
    return Ok("That is all")
