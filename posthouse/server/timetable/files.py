"""The duties that follow deletions of files, and forget what was kept long enough: trash, revisions, locks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from posthouse.core.files.erasing import ERASE_FILES, erase_doomed, finish_erasing
from posthouse.core.files.locks import forget_locks
from posthouse.core.files.noticing import Noticer, finish_noticing
from posthouse.core.files.revisions import drop_revisions, old_revisions
from posthouse.core.files.settings import FileSettings
from posthouse.core.files.trash import accounts_to_empty, empty_trash
from posthouse.core.files.watching import NOTICE
from posthouse.server.timetable.runner import Duty
from posthouse.storage.contract import Store

AT_ONCE = 200  # nodes in one transaction: other writers wait so long
LOOK_AT_ONCE = 1000
HOUR_SECONDS = 3600
DAY_MS = 86_400_000
STAGED_MS = DAY_MS  # no copy of a tree takes so long


def file_duties(store: Store, settings: FileSettings, noticer: Noticer, now: Callable[[], int]) -> dict[str, Duty]:
    """The duties by the kind of job; each may be done twice, or be cut off and begun again."""

    async def erase(body: bytes) -> None:
        """Erase what was deleted for good."""
        while not await store.write(erase_doomed, int(body), AT_ONCE, now()):
            pass

    async def empty(_: bytes) -> None:
        """Erase what has been in the trash for `files.trash_days`, and copies that nobody finished."""
        before, staged_before = now() - settings.trash_days * DAY_MS, now() - STAGED_MS
        after = 0
        while accounts := await store.read(accounts_to_empty, after, before, staged_before, AT_ONCE):
            for account in [number for number, has_old in accounts if has_old]:
                while not await store.write(empty_trash, account, before, staged_before, AT_ONCE, now()):
                    pass
            after = accounts[-1][0]

    async def forget(_: bytes) -> None:
        """Forget contents that were replaced more than `files.revision_days` ago."""
        before, after = now() - settings.revision_days * DAY_MS, b""
        while True:
            page = await store.read(old_revisions, after, before, LOOK_AT_ONCE)
            for account, group in groupby(page.old, key=lambda each: each[0]):
                revisions = [(node, revision) for _, node, revision in group]
                for at in range(0, len(revisions), AT_ONCE):
                    await store.write(drop_revisions, account, revisions[at : at + AT_ONCE], now())
            if not page.next:
                return
            after = page.next

    async def unlock(_: bytes) -> None:
        """Forget locks that have run out."""
        after = await store.write(forget_locks, b"", AT_ONCE, now())
        while after:
            after = await store.write(forget_locks, after, AT_ONCE, now())

    return {
        NOTICE: Duty(noticer.tell, ending=finish_noticing),
        ERASE_FILES: Duty(erase, ending=finish_erasing),
        "empty trash": Duty(empty, HOUR_SECONDS),
        "forget revisions": Duty(forget, 24 * HOUR_SECONDS),
        "forget locks": Duty(unlock, HOUR_SECONDS),
    }
