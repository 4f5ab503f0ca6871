"""STAT, LIST, UIDL; RFC 1939 5 and 7. Long lists go out a page at a time, as the peer takes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from posthouse.protocols.pop3.contracts import User
from posthouse.protocols.pop3.errors import Refusal
from posthouse.protocols.pop3.maildrop import Maildrop
from posthouse.protocols.pop3.wire import reply
from posthouse.protocols.pop3.wire.commands import List, Stat, Uidl

LINES_PER_PAGE = 2000  # about 2 ms


async def stat(command: Stat, user: User) -> bytes:
    """How many messages and octets there are."""
    return reply.ok(f"{user.drop.count} {user.drop.octets}")


async def list_(command: List, user: User) -> bytes:
    """The size of a message, or of each."""
    sizes = user.drop.sizes
    return await _list(command.number, lambda at: f"{at + 1} {sizes[at]}", user)


async def uidl(command: Uidl, user: User) -> bytes:
    """What a message is called as long as it is there, or each."""
    return await _list(command.number, lambda at: f"{at + 1} {user.drop.unique_id(at)}", user)


def position(number: int, drop: Maildrop) -> int:
    """Where a message is; raises Refusal for one that is not there."""
    if not drop.has(number - 1):
        raise Refusal("There is no such message")
    return number - 1


async def _list(number: int | None, line: Callable[[int], str], user: User) -> bytes:
    drop = user.drop
    if number is not None:
        return reply.ok(line(position(number, drop)))
    user.output.write(user.speech.ok("{} messages ({} octets)", drop.count, drop.octets))
    for start in range(0, len(drop.uids), LINES_PER_PAGE):
        page = range(start, min(start + LINES_PER_PAGE, len(drop.uids)))
        user.output.write("".join([f"{line(at)}\r\n" for at in page if drop.has(at)]).encode())
        await user.output.drain()
        await asyncio.sleep(0)
    return reply.END
