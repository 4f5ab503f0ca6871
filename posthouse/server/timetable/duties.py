"""Every kind of job and how it is done."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from posthouse.core.accounts.accounts import ERASE_ACCOUNT, forget_account
from posthouse.core.files.erasing import erase_files
from posthouse.core.mail.erase import erase_some
from posthouse.core.maintenance.blobs import unnamed
from posthouse.server.timetable.runner import Duty
from posthouse.storage.blobs.files import FileBlobs, hashes_of
from posthouse.storage.blobs.records import collect
from posthouse.storage.blobs.settings import BlobSettings
from posthouse.storage.changes import long_logs, prune_changes
from posthouse.storage.contract import Store
from posthouse.storage.settings import StoreSettings

log = structlog.get_logger()

AT_ONCE = 200  # messages, blobs or changes in one transaction: other writers wait so long
COLLECT_SECONDS = 600
DAY_SECONDS = 86_400


def all_duties(
    store: Store, blobs: FileBlobs, settings: StoreSettings, blob_settings: BlobSettings, now: Callable[[], int]
) -> dict[str, Duty]:
    """The duties by the kind of job; each may be done twice, or be cut off and begun again."""

    async def erase_account(body: bytes) -> None:
        """Erase what a deleted account had, then the account."""
        account = int(body)
        while not await store.write(erase_files, account, AT_ONCE, now()):
            pass
        while not await store.write(erase_some, account, AT_ONCE, now()):
            pass
        await store.write(forget_account, account)

    async def collect_blobs(_: bytes) -> None:
        """Forget blobs that nobody has held for long, and unlink their files."""
        before = now() - blob_settings.keep_unused_seconds * 1000
        ends = now() + COLLECT_SECONDS * 1000 // 10
        while now() < ends and (collected := await store.write(collect, before, AT_ONCE, now())).seen:
            await blobs.remove(collected.locations)

    async def sweep_files(_: bytes) -> None:
        """Unlink old files that no blob names: uploads that were cut off, the slower of two alike."""
        swept = 0
        async for locations in blobs.old_files(blob_settings.orphan_seconds):
            nobodys = await store.read(unnamed, hashes_of(locations))
            await blobs.remove(nobodys)
            swept += len(nobodys)
        if swept:
            log.info("files swept that nothing names", files=swept)

    async def cut_logs(_: bytes) -> None:
        """Cut the accounts' change logs to their newest part."""
        after = 0
        while logs := await store.read(long_logs, after, AT_ONCE, settings.changes_kept):
            for account in [number for number, is_long in logs if is_long]:
                while await store.write(prune_changes, account, settings.changes_kept, AT_ONCE) == AT_ONCE:
                    pass
            after = logs[-1][0]

    return {
        ERASE_ACCOUNT: Duty(erase_account),
        "collect blobs": Duty(collect_blobs, COLLECT_SECONDS),
        "sweep files": Duty(sweep_files, DAY_SECONDS),
        "cut change logs": Duty(cut_logs, DAY_SECONDS),
    }
