"""Checking all that is stored; beside a running server, too, for each check looks at one moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec

from posthouse.admin.letters import LetterReader, chosen_accounts, pages
from posthouse.core.maintenance.account import check_account
from posthouse.core.maintenance.blobs import blob_page, is_used, recheck_references, unnamed
from posthouse.core.maintenance.directory import check_directory
from posthouse.core.maintenance.faults import RESTORE, Fault
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.blobs.files import FileBlobs, hashes_of
from posthouse.storage.contract import Store

PAGE = 1000
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
    reader = LetterReader(store, blobs, limits)
    held: Counter[bytes] = Counter()
    async for account in chosen_accounts(store, address):
        found = await store.read(check_account, account)
        report.faults += found.faults
        report.checked.update(accounts=1, messages=len(found.messages))
        held.update(found.hashes)
        for page in [] if quick else pages(found.messages):
            report.faults += [wrong.fault for wrong in await reader.wrong_ones(account, page)]
        done(1)
    if address is None:
        directory = await store.read(check_directory)
        report.faults += directory
        await _check_blobs(store, blobs, held, report)
    return report


async def _check_blobs(store: Store, blobs: FileBlobs, held: Counter[bytes], report: Report) -> None:
    suspects = await suspect_blobs(store, held)
    if suspects:
        wrong = await store.read(recheck_references, suspects)
        report.faults += wrong
    after = b""
    while (page := await store.read(blob_page, after, PAGE)).places:
        used = [place for place in page.places if page.counts[place.hash] and place.location is not None]
        report.checked.update(blobs=len(page.places), files=len(used))
        for place in used:
            if not blobs.has(place) and await store.read(is_used, place.hash):
                report.faults.append(Fault(f"blob {place.hash.hex()}", "its file is missing or cut short", RESTORE))
        after = page.places[-1].hash
    orphans = 0
    async for locations in blobs.old_files(ORPHAN_SECONDS):
        nobodys = await store.read(unnamed, hashes_of(locations))
        orphans += len(nobodys)
    if orphans:
        report.notices.append(f"{orphans} files that nothing names; they are swept in time")


async def suspect_blobs(store: Store, held: Counter[bytes]) -> list[bytes]:
    """Blobs that `held` says are held by another number of messages than is counted; some may only have changed."""
    suspects = []
    after = b""
    left = dict(held)
    while counts := (await store.read(blob_page, after, PAGE)).counts:
        suspects += [hash_ for hash_, count in counts.items() if left.pop(hash_, 0) != count]
        after = max(counts)
    return suspects + list(left)
