"""Making anew what is derived: counters, quotas, references, what is kept of each letter for reading it fast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec

from posthouse.admin.letters import LetterReader, chosen_accounts, pages
from posthouse.admin.verify import suspect_blobs
from posthouse.core.maintenance.account import check_account, mend_account
from posthouse.core.maintenance.blobs import mend_references, recheck_references
from posthouse.core.maintenance.bodies import replace_records
from posthouse.core.maintenance.directory import mend_directory
from posthouse.core.maintenance.faults import REBUILD, Fault
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.blobs.contract import Blobs
from posthouse.storage.contract import Store


class Rebuilt(msgspec.Struct):
    """What was put right, and what cannot be from what is here."""

    mended: list[Fault]
    left: list[Fault]
    checked: Counter[str]


async def rebuild(
    store: Store,
    blobs: Blobs,
    limits: MimeLimits,
    *,
    address: str | None,
    now: Callable[[], int],
    done: Callable[[int], None],
) -> Rebuilt:
    """Put right one account, or everything; one transaction an account, so that others wait no longer.

    `done` hears of every account. Raises BadAddress, NoSuchAccount.
    """
    result = Rebuilt([], [], Counter())
    reader = LetterReader(store, blobs, limits)
    held: Counter[bytes] = Counter()
    async for account in chosen_accounts(store, address):
        _sort(await store.write(mend_account, account, now()), result)
        found = await store.read(check_account, account)
        for page in pages(found.messages):
            wrong = await reader.wrong_ones(account, page)
            _sort([each.fault for each in wrong], result)
            records = {each.message: each.right for each in wrong if each.right is not None}
            if records:
                await store.write(replace_records, account, records)
        held.update(found.hashes)
        result.checked.update(accounts=1, messages=len(found.messages))
        done(1)
    if address is None:
        suspects = await suspect_blobs(store, held)
        if suspects and (faults := await store.read(recheck_references, suspects)):
            _sort(faults, result)
            await store.write(mend_references, suspects, now())
        _sort(await store.write(mend_directory), result)
    return result


def _sort(faults: list[Fault], result: Rebuilt) -> None:
    for fault in faults:
        (result.mended if fault.mend == REBUILD else result.left).append(fault)
