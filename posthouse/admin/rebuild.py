"""Making anew what is derived: counters, quotas, references, what is kept of each letter for reading it fast.

What does not fit is looked for beside the writers; only what must be mended is a transaction.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable

import msgspec

from posthouse.admin.letters import LetterReader, chosen_accounts, pages
from posthouse.admin.verify import all_miscounts, blob_pages, find_octets, miscount_fault
from posthouse.core.maintenance.account import check_account, mend_account
from posthouse.core.maintenance.blobs import mend_miscounts, mend_record, mend_unused
from posthouse.core.maintenance.bodies import replace_records
from posthouse.core.maintenance.directories import check_directories, mend_directories
from posthouse.core.maintenance.directory import check_directory
from posthouse.core.maintenance.faults import REBUILD, Fault
from posthouse.core.maintenance.mending import mend_directory
from posthouse.core.maintenance.queue import check_queue, mend_queue
from posthouse.core.maintenance.sharing import check_sharing, mend_sharing
from posthouse.core.maintenance.threads import mend_threads
from posthouse.core.search.source import IDENTITY_OCTETS, renew_identity
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.blobs.files import FileBlobs
from posthouse.storage.contract import Store

AT_ONCE = 200  # blobs in one transaction: other writers wait so long


class Rebuilt(msgspec.Struct):
    """What was put right, and what cannot be from what is here."""

    mended: list[Fault]
    left: list[Fault]
    checked: Counter[str]

    def sort(self, faults: list[Fault]) -> None:
        """Add faults that a rebuild just tried to mend."""
        for fault in faults:
            (self.mended if fault.mend == REBUILD else self.left).append(fault)


async def rebuild(
    store: Store,
    blobs: FileBlobs,
    limits: MimeLimits,
    *,
    address: str | None,
    now: Callable[[], int],
    done: Callable[[int], None],
) -> Rebuilt:
    """Put right one account, or everything; a transaction for each account that needs it.

    `done` hears of every account. Raises BadAddress, NoSuchAccount.
    """
    result = Rebuilt([], [], Counter())
    if address is None and (faults := await store.read(check_directory)):
        if any(fault.mend == REBUILD for fault in faults):
            faults = await store.write(mend_directory, now())
        result.sort(faults)
    if address is None and (faults := await store.read(check_queue)):
        if any(fault.mend == REBUILD for fault in faults):
            faults = await store.write(mend_queue)
        result.sort(faults)
    if address is None and (faults := await store.read(check_sharing)):
        result.sort(await store.write(mend_sharing))
    if address is None and (faults := await store.read(check_directories)):
        result.sort(await store.write(mend_directories))
    async for account in chosen_accounts(store, address):
        if (await store.read(check_account, account)).faults:
            mended = await store.write(mend_account, account, now())
            result.mended += mended
    if address is None:
        await _mend_blobs(store, blobs, now, result)
    reader = LetterReader(store, blobs, limits)
    if address is None and (faults := await store.read(check_directories)):
        result.sort(await store.write(mend_directories))
    async for account in chosen_accounts(store, address):
        await _mend_letters(store, reader, account, result)
        # by what the letters say now; records from before there were threads get theirs
        unthreaded: list[Fault] = await store.write(mend_threads, account)
        result.mended += unthreaded
        done(1)
    return result


async def rebuild_search(store: Store) -> None:
    """Have the search index made anew, at once or when the server starts."""
    await store.write(renew_identity, secrets.token_bytes(IDENTITY_OCTETS))


async def _mend_letters(store: Store, reader: LetterReader, account: int, result: Rebuilt) -> None:
    found = await store.read(check_account, account)
    result.left += found.faults + [fault for fault in found.letter_faults if fault.mend != REBUILD]
    for page in pages(found.messages):
        wrong = await reader.wrong_ones(account, page)
        records = {each.message: each.right for each in wrong if each.right is not None}
        if records:
            await store.write(replace_records, account, records)
        result.sort([each.fault for each in wrong])
    result.checked.update(accounts=1, messages=len(found.messages))


async def _mend_blobs(store: Store, blobs: FileBlobs, now: Callable[[], int], result: Rebuilt) -> None:
    async for miscounts in all_miscounts(store):
        result.sort([await miscount_fault(store, blobs, one) for one in miscounts])
        for one in miscounts:
            if one.counted is None and one.held and (place := await find_octets(store, blobs, one)) is not None:
                await store.write(mend_record, msgspec.structs.replace(place, inline=None), one.held)
        for at in range(0, len(miscounts), AT_ONCE):
            await store.write(mend_miscounts, miscounts[at : at + AT_ONCE], now())
    async for page in blob_pages(store):
        lost = [fault for fault in page.faults if fault.mend == REBUILD]
        if lost:
            await store.write(mend_unused, [hash_ for hash_, count in page.counts.items() if not count], now())
        result.sort(page.faults)
