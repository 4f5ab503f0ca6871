"""The queue: list, show, hold, release, retry, cancel, summarize."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from posthouse.core.queue import operator, showing
from posthouse.core.queue.numbers import read_number, written
from posthouse.core.queue.operator import Done, Pick
from posthouse.core.queue.records import QueuedMessage
from posthouse.core.queue.showing import Entry, Filter, Load, NoSuchMessage
from posthouse.storage.contract import Operation, Store, WriteTransaction

MESSAGES_AT_ONCE = 1000  # looked at with one query
AT_ONCE = 200  # recipients in one transaction: other writers wait so long

Change = Operation[WriteTransaction, [list[Pick], str, int], Done]
CHANGES: dict[str, Change] = {
    "hold": operator.hold,
    "release": operator.release,
    "retry": operator.retry,
    "cancel": operator.cancel,
}


class Shown(msgspec.Struct):
    """A message with all of its recipients; `number` as people write it."""

    number: str
    message: QueuedMessage
    recipients: list[Entry]


def numbers_of(texts: list[str]) -> list[int]:
    """What people wrote; raises NoSuchMessage."""
    numbers = []
    for text in texts:
        try:
            numbers.append(read_number(text))
        except ValueError:
            raise NoSuchMessage(text) from None
    return numbers


async def entries(store: Store, wanted: Filter) -> AsyncIterator[list[Entry]]:
    """All that are wanted, some at a time."""
    after: int | None = 0
    if wanted.numbers:
        for number in wanted.numbers:
            await store.read(showing.show_message, number)
            yield (await store.read(showing.list_queue, wanted, number - 1, 1)).entries
        return
    while after is not None:
        page = await store.read(showing.list_queue, wanted, after, MESSAGES_AT_ONCE)
        yield page.entries
        after = page.last


async def list_all(store: Store, wanted: Filter, limit: int) -> list[Entry]:
    """Up to `limit` of those that are wanted; raises NoSuchMessage."""
    found: list[Entry] = []
    async for some in entries(store, wanted):
        found += some
        if len(found) >= limit:
            break
    return found[:limit]


async def show(store: Store, text: str) -> Shown:
    """One message; raises NoSuchMessage."""
    (number,) = numbers_of([text])
    message = await store.read(showing.show_message, number)
    wanted = Filter([number], states=showing.ALL)
    return Shown(written(number), message, await list_all(store, wanted, 1_000_000))


async def change(store: Store, verb: str, wanted: Filter, who: str, now: int) -> Done:
    """Hold, release, retry or cancel all that are wanted, on behalf of `who`; raises NoSuchMessage."""
    total = Done(0, [])
    async for some in entries(store, wanted):
        for at in range(0, len(some), AT_ONCE):
            picks = [Pick(entry.number, entry.at) for entry in some[at : at + AT_ONCE]]
            done = await store.write(CHANGES[verb], picks, who, now)
            total = Done(total.changed + done.changed, total.spared + done.spared)
    return total


async def summary(store: Store, now: int) -> list[Load]:
    """What waits, by destination and age."""
    return await store.read(showing.summarize, now)
