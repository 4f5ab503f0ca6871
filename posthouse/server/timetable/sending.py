"""The duties of the queue: carrying, telling senders, deadlines, and forgetting what is finished."""

from __future__ import annotations

from collections.abc import Callable

from posthouse.core.queue.courier import Courier
from posthouse.core.queue.deadlines import DEADLINES, next_deadline, pass_deadlines
from posthouse.core.queue.forgetting import purge_finished
from posthouse.core.queue.numbers import first_number
from posthouse.core.queue.reporter import Reporter
from posthouse.core.queue.send import CARRY
from posthouse.core.queue.settings import QueueSettings
from posthouse.core.queue.telling import REPORT
from posthouse.core.queue.transfer import finish
from posthouse.server.timetable.runner import Duty
from posthouse.storage.contract import Store

AT_ONCE = 200  # recipients or messages in one transaction: other writers wait so long
REPORTS_AT_ONCE = 8
DEADLINE_SECONDS = 15  # how late a deadline may be that was set meanwhile
DAY_SECONDS = 86_400


def sending_duties(
    store: Store, courier: Courier, reporter: Reporter, settings: QueueSettings, now: Callable[[], int]
) -> dict[str, Duty]:
    """The duties by the kind of job; each may be done twice, or be cut off and begun again."""

    async def pass_all_deadlines(_: bytes) -> int:
        """Warn senders and give up what has waited too long; when the next time is."""
        while await store.write(pass_deadlines, AT_ONCE, now()) == AT_ONCE:
            pass
        latest = now() + DEADLINE_SECONDS * 1000
        deadline = await store.read(next_deadline)
        return latest if deadline is None else min(max(deadline, now() + 1000), latest)

    async def forget_finished(_: bytes) -> None:
        """Forget messages of which all is known for `queue.report_days`."""
        before = first_number(now() - settings.report_days * DAY_SECONDS * 1000)
        after: int | None = 0
        while after is not None:
            after = await store.write(purge_finished, before, after, AT_ONCE)

    return {
        CARRY: Duty(courier.carry, at_once=settings.destinations_at_once, apart=courier.hanging, ending=finish),
        REPORT: Duty(reporter.report, at_once=REPORTS_AT_ONCE),
        DEADLINES: Duty(pass_all_deadlines, DEADLINE_SECONDS),
        "forget sent mail": Duty(forget_finished, DAY_SECONDS),
    }
