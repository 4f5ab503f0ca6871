"""Checking all that is stored; beside a running server, too, for each check looks at one moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable

import msgspec

from posthouse.admin.contents import ContentReader
from posthouse.admin.letters import LetterReader, chosen_accounts, pages
from posthouse.core.maintenance.account import check_account
from posthouse.core.maintenance.blobs import (
    BlobPage,
    Miscount,
    blob_page,
    find_miscounts,
    inline_octets,
    is_used,
    unnamed,
)
from posthouse.core.maintenance.bodies import is_sound
from posthouse.core.maintenance.directories import check_directories
from posthouse.core.maintenance.directory import check_directory
from posthouse.core.maintenance.dkim import check_keys
from posthouse.core.maintenance.faults import REBUILD, RESTORE, Fault
from posthouse.core.maintenance.queue import check_queue
from posthouse.core.maintenance.sharing import check_sharing
from posthouse.core.maintenance.threads import check_threads
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.blobs.files import FileBlobs, hashes_of
from posthouse.storage.blobs.records import BlobPlace
from posthouse.storage.contract import Store

PAGE = 1000
PAGES_AT_ONCE = 500  # whose references are counted with one look at all messages: so much is in memory
LAST_HASH = b"\xff" * 32
ORPHAN_SECONDS = 3600  # a younger file may be a letter that is on its way in


class Report(msgspec.Struct):
    """What was found, and how much was looked at."""

    faults: list[Fault]
    notices: list[str]
    checked: Counter[str]


async def verify(
    store: Store,
    blobs: FileBlobs,
    limits: MimeLimits,
    *,
    quick: bool,
    address: str | None,
    done: Callable[[int], None],
) -> Report:
    """Check one account, or everything; `done` hears of every account. `quick` leaves the letters' octets unread.

    Raises BadAddress, NoSuchAccount.
    """
    report = Report([], [], Counter())
    if address is None:
        faults = await store.read(check_directory)
        report.faults += faults
        queued = await store.read(check_queue)
        report.faults += queued
        keys = await store.read(check_keys)
        report.faults += keys
        directories = await store.read(check_directories)
        report.faults += directories
        sharing = await store.read(check_sharing)
        report.faults += sharing
    reader, contents = LetterReader(store, blobs, limits), ContentReader(store, blobs)
    async for account in chosen_accounts(store, address):
        found = await store.read(check_account, account)
        report.faults += found.faults + found.letter_faults + await store.read(check_threads, account)
        report.checked.update(accounts=1, messages=len(found.messages))
        for page in [] if quick else pages(found.messages):
            report.faults += [wrong.fault for wrong in await reader.wrong_ones(account, page)]
        if found.contents and not quick:
            report.faults += await contents.wrong_ones(account, found.contents)
            report.checked.update(documents=len(found.contents))
        done(1)
    if address is None:
        await _check_blobs(store, blobs, report)
    return report


async def blob_pages(store: Store) -> AsyncIterator[BlobPage]:
    """All blobs, some at a time."""
    after = b""
    while (page := await store.read(blob_page, after, PAGE)).last:
        yield page
        after = page.last


async def all_miscounts(store: Store) -> AsyncIterator[list[Miscount]]:
    """The blobs that are held by another number of messages than is counted, some at a time."""
    ends = []
    pages_seen = 0
    async for page in blob_pages(store):
        pages_seen += 1
        if pages_seen % PAGES_AT_ONCE == 0:
            ends.append(page.last)
    after = b""
    for end in [*ends, LAST_HASH]:
        yield await store.read(find_miscounts, after, end)
        after = end


async def miscount_fault(store: Store, blobs: FileBlobs, one: Miscount) -> Fault:
    """What it is, in words, and what mends it."""
    where = f"blob {one.hash.hex()}"
    if one.counted is not None:
        return Fault(where, f"{one.held} messages show it, {one.counted} are counted", REBUILD)
    what = f"{one.held} messages show it, and its record is missing or cannot be read"
    mends = not one.held or await find_octets(store, blobs, one) is not None
    return Fault(where, what, REBUILD if mends else RESTORE)


async def find_octets(store: Store, blobs: FileBlobs, one: Miscount) -> BlobPlace | None:
    """Where the octets of a blob are whose record is lost."""
    inline = await store.read(inline_octets, one.hash)
    if inline is not None:
        found = BlobPlace(one.hash, one.size, inline, None)
        return found if await is_sound(blobs, found) else None
    for location in blobs.locations_of(one.hash):
        found = BlobPlace(one.hash, one.size, None, location)
        if await is_sound(blobs, found):
            return found
    return None


async def _check_blobs(store: Store, blobs: FileBlobs, report: Report) -> None:
    async for miscounts in all_miscounts(store):
        report.faults += [await miscount_fault(store, blobs, one) for one in miscounts]
    async for page in blob_pages(store):
        report.faults += page.faults
        used = [place for place in page.places if page.counts[place.hash] and place.location is not None]
        report.checked.update(blobs=len(page.places), files=len(used))
        for place in used:
            if not blobs.has(place) and await store.read(is_used, place.hash):
                report.faults.append(Fault(f"blob {place.hash.hex()}", "its file is missing or cut short", RESTORE))
    orphans = 0
    async for locations in blobs.old_files(ORPHAN_SECONDS):
        nobodys = await store.read(unnamed, hashes_of(locations))
        orphans += len(nobodys)
    if orphans:
        report.notices.append(f"{orphans} files that nothing names; they are swept in time")
