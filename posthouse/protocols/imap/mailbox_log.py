"""What happened to a mailbox between two modseqs, read from the change log a page at a time."""

from __future__ import annotations

import asyncio

import msgspec

from posthouse.core.mail import messages
from posthouse.protocols.imap.windows import RANGES, join, windows
from posthouse.storage import ranges
from posthouse.storage.changes import Changes, LogPage, net
from posthouse.storage.contract import Store

ENTRIES_PER_READ = 500  # about 2 ms


async def changes(store: Store, account: int, mailbox: int, since: int, until: int | None = None) -> Changes:
    """What became of it after `since`, up to `until` or now; raises NoSuchMailbox when it is gone."""
    page = await store.read(messages.changes, account, mailbox, since, until, ENTRIES_PER_READ)
    pages = [page]
    while page.more:
        pages[-1] = _joined(page)
        await asyncio.sleep(0)
        page = await store.read(messages.changes, account, mailbox, page.modseq, until, ENTRIES_PER_READ)
        pages.append(page)
    return await _net(pages)


async def _net(pages: list[LogPage]) -> Changes:
    """What all pages say in all."""
    created = [one for page in pages for one in page.created]
    updated = [one for page in pages for one in page.updated]
    destroyed = [one for page in pages for one in page.destroyed]
    if len(created) + len(updated) + len(destroyed) <= RANGES:
        return net(pages)
    whole = Changes(
        pages[-1].modseq, [], [], [], all(page.complete for page in pages), max(page.newest for page in pages), []
    )
    async for came, changed, went in windows(created, updated, destroyed):
        some = net([LogPage(0, came, changed, went, True)])
        join(whole.created, some.created)
        join(whole.updated, some.updated)
        join(whole.destroyed, some.destroyed)
        join(whole.vanished, some.vanished)
    return whole


def _joined(page: LogPage) -> LogPage:
    """The same with fewer ranges: so that to put all pages together does not take long at one go."""
    created, updated, destroyed = map(ranges.merge, (page.created, page.updated, page.destroyed))
    return msgspec.structs.replace(page, created=created, updated=updated, destroyed=destroyed)
