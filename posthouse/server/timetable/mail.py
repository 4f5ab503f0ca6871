"""The duty that forgets expunged mail that nobody has put back in time."""

from __future__ import annotations

from collections.abc import Callable

from posthouse.core.mail.settings import MailSettings
from posthouse.core.mail.undelete import forget_expunged
from posthouse.server.timetable.runner import Duty
from posthouse.storage.contract import Store

AT_ONCE = 200  # messages in one transaction: other writers wait so long
LOOK_SECONDS = 600
DAY_MS = 86_400_000


def mail_duties(store: Store, settings: MailSettings, now: Callable[[], int]) -> dict[str, Duty]:
    """The duty by its kind of job; it may be done twice, or be cut off and begun again."""

    async def forget(_: bytes) -> None:
        """Forget what went more than `mail.undelete_days` ago."""
        before = now() - settings.undelete_days * DAY_MS
        account: int | None = 0
        while account is not None:
            account = await store.write(forget_expunged, account, before, AT_ONCE, now())

    return {"forget expunged mail": Duty(forget, LOOK_SECONDS)}
