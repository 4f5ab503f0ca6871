"""The duties that forget what is only kept for a while, and the daily look at DKIM keys."""

from __future__ import annotations

from collections.abc import Callable

from posthouse.core.accounts.sending import DAY_MS, forget_sent
from posthouse.core.dkim.rotation import ROTATE, rotate
from posthouse.core.dkim.settings import DkimSettings
from posthouse.core.dns import Resolver
from posthouse.core.routing.policies import forget_policies
from posthouse.core.routing.settings import RoutingSettings
from posthouse.core.routing.tls_results import forget_results
from posthouse.core.trace.finding import forget_letters
from posthouse.core.trace.settings import TraceSettings
from posthouse.server.timetable.runner import Duty
from posthouse.storage.contract import Store

AT_ONCE = 200  # letters or accounts in one transaction: other writers wait so long
HOUR_SECONDS = 3600
DAY_SECONDS = 86_400


def tidying_duties(
    store: Store,
    resolver: Resolver,
    settings: TraceSettings,
    routing: RoutingSettings,
    dkim: DkimSettings,
    now: Callable[[], int],
) -> dict[str, Duty]:
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

    async def forget_tls(_: bytes) -> None:
        """Forget MTA-STS policies that are over, and how TLS went long ago."""
        domain = ""
        while domain := await store.write(forget_policies, domain, now(), AT_ONCE):
            pass
        before = now() // DAY_MS - routing.tls_report_days
        while await store.write(forget_results, before, AT_ONCE) == AT_ONCE:
            pass

    async def rotate_keys(_: bytes) -> None:
        """Let DKIM keys follow one another."""
        await rotate(store, resolver, dkim, now)

    return {
        "forget tls": Duty(forget_tls, DAY_SECONDS),
        ROTATE: Duty(rotate_keys, DAY_SECONDS),
        "forget traces": Duty(forget_traces, HOUR_SECONDS),
        "forget what was sent": Duty(forget_past_days, DAY_SECONDS),
    }
