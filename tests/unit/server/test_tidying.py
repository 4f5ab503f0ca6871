"""The duties that forget: old traces, and what was sent on days that are over."""

from __future__ import annotations

from posthouse.core.accounts.sending import DAY_MS
from posthouse.core.dkim.settings import DkimSettings
from posthouse.core.dns import Answer, DnsFailure
from posthouse.core.queue.numbers import first_number
from posthouse.core.routing.settings import RoutingSettings
from posthouse.core.routing.tls_results import DayResults, TlsResults, add_results, old_results
from posthouse.core.trace.finding import LAST, find_between
from posthouse.core.trace.records import Note, TraceEvent, append_notes
from posthouse.core.trace.settings import TraceSettings
from posthouse.server.timetable.tidying import AT_ONCE, tidying_duties
from posthouse.storage.contract import Store
from tests.unit.core.house import NOW, two_domains
from tests.unit.core.test_sending import charge, kept


class Silent:
    """A DNS that answers nothing."""

    async def ask(self, name: str, kind: str) -> Answer:
        raise DnsFailure(name, kind, "silent")


async def do(store: Store, kind: str, now: int) -> None:
    duties = tidying_duties(
        store, Silent(), TraceSettings(keep_days=2), RoutingSettings(tls_report_days=2), DkimSettings(), lambda: now
    )
    await duties[kind].do(b"")


async def test_traces_go_after_their_days(store: Store) -> None:
    numbers = [first_number(NOW + number) for number in range(AT_ONCE + 50)]
    notes = [Note(number, TraceEvent(NOW, "received", {}, ("ann@example.org",))) for number in numbers]
    late = Note(first_number(NOW + DAY_MS), TraceEvent(NOW + DAY_MS, "received"))
    await store.write(append_notes, [*notes, late])
    await do(store, "forget traces", NOW + 2 * DAY_MS)
    assert len(await store.read(find_between, 0, LAST, 1000)) == AT_ONCE + 51
    await do(store, "forget traces", NOW + 2 * DAY_MS + 1000)
    assert [letter.number for letter in await store.read(find_between, 0, LAST, 1000)] == [late.number]


async def test_days_go_when_they_are_over(store: Store) -> None:
    ann, _ = await two_domains(store)
    for account in range(1, AT_ONCE + 50):
        await store.write(charge, account, 1, NOW)
    await store.write(charge, ann, 1, NOW + DAY_MS)
    await do(store, "forget what was sent", NOW)
    assert len(await store.read(kept)) == AT_ONCE + 50
    await do(store, "forget what was sent", NOW + DAY_MS)
    assert await store.read(kept) == [(ann, NOW // DAY_MS + 1)]


async def test_how_tls_went_is_forgotten_after_its_days(store: Store) -> None:
    today = NOW // DAY_MS
    await store.write(add_results, [DayResults(today - ago, "example.net", TlsResults([])) for ago in range(5)], 10)
    await do(store, "forget tls", NOW)
    assert [each.day for each in await store.read(old_results, today + 1, 10, None)] == [today - 2, today - 1, today]
