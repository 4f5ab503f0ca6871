"""UIDBATCHES: ranges of UIDs that hold equally many messages each, from the newest to the oldest; RFC 10022."""

from __future__ import annotations

from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import Bad, No
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.search import UidBatches

LEAST_MESSAGES = 500  # in a batch: so that nobody counts messages by it (RFC 10022 3.1.3.2)
MOST_BATCHES = 10_000


async def uid_batches(command: UidBatches, view: View, user: User) -> Ok:
    """Show the batches that were asked for; the oldest may hold fewer messages.

    Asking often is not refused (3.1.1 has LIMIT for it): it costs no more than a UID SEARCH does.
    """
    size = command.size
    if size < LEAST_MESSAGES:
        raise No("A batch has at least {} messages", "TOOFEW", LEAST_MESSAGES)
    if command.batches is not None and command.batches[0] > command.batches[1]:
        raise Bad("Batches are named from the lowest to the highest", "CLIENTBUG")  # RFC 10022 3.1.5
    uids = await view.uids()
    count = -(-len(uids) // size)
    first, last = command.batches or (1, max(count, 1))
    if min(last, count) - first >= MOST_BATCHES:
        raise No("No more than {} batches are told at once", "TOOMANY", MOST_BATCHES)
    found = []
    for number in range(first, min(last, count) + 1):
        stop = len(uids) - (number - 1) * size
        # RFC 10022 3.1.4: the oldest ends at 1, so that nobody asks for more
        found.append((uids[stop - 1], uids[stop - size] if stop > size else 1))
    user.output.write(encoder.uid_batches(command.tag, found))
    return Ok("That is all")
