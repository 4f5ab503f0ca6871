"""The duties that forget expunged mail that nobody has put back in time, and erase what is left of mailboxes."""

from __future__ import annotations

from collections.abc import Callable

from posthouse.core.mail.deleting import AT_ONCE as ERASED_AT_ONCE
from posthouse.core.mail.deleting import ERASE_MAILBOXES, erase_doomed, finish_erasing_mailboxes
from posthouse.core.mail.settings import MailSettings
from posthouse.core.mail.undelete import forget_expunged
from posthouse.server.timetable.runner import Duty
from posthouse.storage.contract import Store

AT_ONCE = 200  # messages in one transaction: other writers wait so long
LOOK_SECONDS = 600
DAY_MS = 86_400_000


def mail_duties(store: Store, settings: MailSettings, now: Callable[[], int]) -> dict[str, Duty]:
    """The duties by the kind of job; each may be done twice, or be cut off and begun again."""

    async def forget(_: bytes) -> None:
        """Forget what went more than `mail.undelete_days` ago."""
        before = now() - settings.undelete_days * DAY_MS
        account: int | None = 0
        while account is not None:
            account = await store.write(forget_expunged, account, before, AT_ONCE, now())

    async def erase(body: bytes) -> None:
        """Erase what is left of deleted mailboxes."""
        while not await store.write(erase_doomed, int(body), ERASED_AT_ONCE, now()):
            pass

    return {
        "forget expunged mail": Duty(forget, LOOK_SECONDS),
        ERASE_MAILBOXES: Duty(erase, ending=finish_erasing_mailboxes),
    }
