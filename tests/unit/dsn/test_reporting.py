"""Reports as they are written, once, with what comes back of the message: on every engine."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from posthouse.core.queue.numbers import written
from posthouse.core.queue.reporting import Told, read_news, tell
from posthouse.core.queue.send import NewRecipient, Outbound
from posthouse.core.queue.telling import REPORT
from posthouse.storage.contract import Store
from posthouse.storage.jobs import list_jobs
from tests.letters import letter
from tests.unit.dsn.house import (
    NOW,
    NUMBER,
    REFUSED,
    SENT,
    START,
    House,
    actions,
    put_message,
    queued_message,
    queued_numbers,
    queued_recipients,
    trace_of,
)


async def test_a_failure_is_told_with_the_message(store: Store) -> None:
    house = House(store)
    await house.begin()
    await house.sent(NewRecipient("bob@example.net"), NewRecipient("carl@example.net"))
    await house.became(0, "failed", **REFUSED)
    assert [(job.kind, job.body, job.key) for job in await store.read(list_jobs, 0, 9) if job.kind == REPORT] == [
        (REPORT, b"77", "report 77")
    ]
    await house.report()
    (report,) = await house.reports()
    assert report["Return-Path"] == "<>"
    assert report["To"] == "<ann@example.org>"
    assert actions(report) == {"bob@example.net": "failed"}
    assert report.get_payload()[2].get_payload()[0].as_bytes().replace(b"\n", b"\r\n") == SENT[START:]
    recipients = await store.read(queued_recipients, NUMBER)
    assert [recipients[0].reported, recipients[1].reported] == ["failed", ""]
    await house.report()
    assert len(await house.reports()) == 1


async def test_a_report_stands_in_the_traces(store: Store) -> None:
    house = House(store)
    await house.begin()
    await house.sent(NewRecipient("bob@example.net"), sender="eve@example.com")
    await house.became(0, "failed", **REFUSED)
    await house.report()
    (number,) = set(await store.read(queued_numbers)) - {NUMBER}
    _, event = await store.read(trace_of, NUMBER)
    assert (event.what, event.fields["to"], event.fields["report"]) == ("reported", "eve@example.com", written(number))
    assert event.fields["recipient 0"] == "bob@example.net failed"
    queued, composed = await store.read(trace_of, number)
    assert (queued.what, queued.fields["recipients"]) == ("queued", "eve@example.com")
    assert (composed.what, composed.fields) == ("composed", {"report of": written(NUMBER)})


async def test_all_that_there_is_to_tell_is_one_report(store: Store) -> None:
    house = House(store)
    await house.begin()
    both = ("success", "failure", "delay")
    await house.sent(
        NewRecipient("a@example.net", notify=both),
        NewRecipient("b@example.net", notify=both),
        NewRecipient("ann@example.org", own=True, notify=both),
        NewRecipient("d@example.net", notify=both),
    )
    await house.became(0, "failed", **REFUSED)
    await house.became(1, "delivered", code=250)
    await house.became(2, "delivered")
    await house.warn()
    await house.report()
    (report,) = await house.reports()
    assert actions(report) == {
        "a@example.net": "failed",
        "b@example.net": "relayed",
        "ann@example.org": "delivered",
        "d@example.net": "delayed",
    }
    await house.became(3, "failed", **REFUSED)
    await house.report()
    assert actions((await house.reports())[1]) == {"d@example.net": "failed"}


@pytest.mark.parametrize(
    ("wishes", "kind"),
    [
        ({}, "message/rfc822"),
        ({"ret": "FULL"}, "message/rfc822"),
        ({"ret": "HDRS"}, "text/rfc822-headers"),
        ({"body": "BINARYMIME"}, "text/rfc822-headers"),
        ({"octets": SENT + b"x" * 70 + b"\r\n" + b"y\r\n" * 30_000}, "text/rfc822-headers"),
    ],
)
async def test_what_comes_back(store: Store, wishes: dict[str, object], kind: str) -> None:
    """RFC 3461 4.3."""
    house = House(store)
    await house.begin()
    await house.sent(NewRecipient("bob@example.net"), **wishes)
    await house.became(0, "failed", **REFUSED)
    await house.report()
    (report,) = await house.reports()
    returned = report.get_payload()[2]
    assert returned.get_content_type() == kind
    if kind == "text/rfc822-headers":
        assert returned.get_payload().strip().endswith("Message-ID: <1@example.org>")


async def test_no_message_comes_back_with_good_news(store: Store) -> None:
    house = House(store)
    await house.begin()
    await house.sent(NewRecipient("bob@example.net", notify=("success",)), ret="FULL")
    await house.became(0, "delivered")
    await house.report()
    assert (await house.reports())[0].get_payload()[2].get_content_type() == "text/rfc822-headers"


async def test_a_report_that_is_out_of_date_is_not_placed(store: Store) -> None:
    """Two workers at once, or a recipient that has changed while the report was written."""
    house = House(store)
    account = await house.begin()
    await house.sent(NewRecipient("bob@example.net"))
    await house.became(0, "failed", **REFUSED)
    news = await store.read(read_news, NUMBER, NOW)
    assert news is not None
    told = [Told(number, recipient) for number, recipient, _ in news.recipients]
    outbound = Outbound(78, "", "example.org", 0, [], 0, b"", NOW + 1)
    first, second = letter(b"Subject: 1\r\n\r\n"), letter(b"Subject: 2\r\n\r\n")
    assert await store.write(tell, NUMBER, told, first, [account], outbound, NOW) is True
    assert await store.write(tell, NUMBER, told, second, [account], outbound, NOW) is False
    assert [report["Subject"] for report in await house.reports()] == ["1"]


async def test_a_message_that_is_damaged_or_gone_is_reported_without_it(store: Store) -> None:
    house = House(store)
    await house.begin()
    await house.sent(NewRecipient("bob@example.net"))
    message = await store.read(queued_message, NUMBER)
    assert message is not None
    await store.write(put_message, NUMBER, replace(message, hash=bytes(32)))
    await house.became(0, "failed", **REFUSED)
    await house.report()
    assert len((await house.reports())[0].get_payload()) == 2


async def test_very_many_recipients_are_several_reports(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posthouse.core.queue.reporting.RECIPIENTS_AT_ONCE", 2)
    house = House(store)
    await house.begin()
    await house.sent(*(NewRecipient(f"p{number}@example.net") for number in range(5)))
    for number in range(5):
        await house.became(number, "failed", **REFUSED)
    await house.report()
    assert [len(actions(report)) for report in await house.reports()] == [2, 2, 1]
