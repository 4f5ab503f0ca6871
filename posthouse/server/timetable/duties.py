"""Every kind of job and how it is done."""

from __future__ import annotations

from collections.abc import Callable

from posthouse.core.accounts.accounts import ERASE_ACCOUNT, forget_account
from posthouse.core.mail.erase import erase_some
from posthouse.server.timetable.runner import Duty
from posthouse.storage.contract import Store

ERASED_AT_ONCE = 200  # messages in one transaction: other writers wait so long


def all_duties(store: Store, now: Callable[[], int]) -> dict[str, Duty]:
    """The duties by the kind of job."""

    async def erase_account(body: bytes) -> None:
        """Erase what a deleted account had, then the account; done twice it finds nothing."""
        account = int(body)
        while not await store.write(erase_some, account, ERASED_AT_ONCE, now()):
            pass
        await store.write(forget_account, account)

    return {ERASE_ACCOUNT: Duty(erase_account)}
