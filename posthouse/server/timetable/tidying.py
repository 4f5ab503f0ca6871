"""The duties that forget what is only kept for a while: traces of letters, and how much people sent."""

from __future__ import annotations

from collections.abc import Callable

from posthouse.core.accounts.sending import DAY_MS, forget_sent
from posthouse.core.trace.finding import forget_letters
from posthouse.core.trace.settings import TraceSettings
from posthouse.server.timetable.runner import Duty
from posthouse.storage.contract import Store

AT_ONCE = 200  # letters or accounts in one transaction: other writers wait so long
HOUR_SECONDS = 3600
DAY_SECONDS = 86_400


def tidying_duties(store: Store, settings: TraceSettings, now: Callable[[], int]) -> dict[str, Duty]:
    """The duties by the kind of job; each may be done twice, or be cut off and begun again."""

    async def forget_traces(_: bytes) -> None:
        """Forget letters with which nothing was done for `trace.keep_days`."""
        before, after = now() - settings.keep_days * DAY_MS, 0
        while after := await store.write(forget_letters, before, after, AT_ONCE):
            pass

    async def forget_past_days(_: bytes) -> None:
        """Forget what was sent before today."""
        after = 0
        while after := await store.write(forget_sent, after, AT_ONCE, now()):
            pass

    return {
        "forget traces": Duty(forget_traces, HOUR_SECONDS),
        "forget what was sent": Duty(forget_past_days, DAY_SECONDS),
    }
