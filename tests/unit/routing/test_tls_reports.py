"""Reports of TLS: who gets them, when, by mail over our own queue and by HTTPS; RFC 8460 3 and 5."""

from __future__ import annotations

import email
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import dkim
from msgspec import structs

from posthouse.core.accounts.domains import add_domain
from posthouse.core.bus import LocalBus
from posthouse.core.dkim.keys import add_keys
from posthouse.core.dkim.records import DkimKey, make_keys, shown
from posthouse.core.mail.letters import BlobLetters
from posthouse.core.queue.courier import Courier
from posthouse.core.queue.line import Means
from posthouse.core.queue.own import OwnMail
from posthouse.core.queue.send import NewRecipient, Outbound, send
from posthouse.core.queue.settings import QueueSettings
from posthouse.core.queue.showing import ALL, Entry, Filter, list_queue
from posthouse.core.routing.policies import KeptPolicy, keep_policy
from posthouse.core.routing.tls_report_contents import submitter_for
from posthouse.core.routing.tls_reports import RETRY_MS, SETTLED_MS, SPREAD_MS, PostFailed, TlsReporter
from posthouse.core.routing.tls_results import (
    DAY_MS,
    DayResults,
    Failures,
    PolicyResults,
    TlsResults,
    add_results,
    old_results,
)
from posthouse.formats.mime.settings import MimeLimits
from posthouse.server.certificate import TlsContextFactory
from posthouse.server.resolver import DnsResolver
from posthouse.server.settings import TlsSettings
from posthouse.server.timetable.reporting import reporting_duties
from posthouse.server.tls_posting import HttpsPoster
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.jobs import list_jobs
from posthouse.storage.memory import MemoryStore
from tests import dns
from tests.dns import DnsServer
from tests.https import HttpsServer, https_client
from tests.unit.core.house import person
from tests.unit.relay.test_tls import GOOD, listening, relay
from tests.unit.routing.house import router_on, settings_for
from tests.unit.smtp.world import BOB, open_world

DAY = 20_717
DUE = (DAY + 1) * DAY_MS + SETTLED_MS + SPREAD_MS
RECORD = '_smtp._tls.example.org. TXT "v=TLSRPTv1; rua=mailto:bob@example.org"\n'
RESULTS = TlsResults(
    [PolicyResults("sts", ["version: STSv1", "mode: enforce", "mx: mx.example.org", "max_age: 600"], "example.org", 7,
                   [Failures("certificate-expired", "mx.example.org", "192.0.2.1", "", 3)])]
)  # fmt: skip


class NoPoster:
    """Nobody takes anything by HTTPS."""

    async def post(self, url: str, octets: bytes) -> None:
        raise PostFailed("nobody is there")


class House:
    """A server with ours.org and what it has counted of example.org."""

    def __init__(self, server: DnsServer, poster: Any = None, hostname: str = "mail.ours.org", **settings: Any) -> None:
        self.now = DUE
        self.bus = LocalBus()
        self.store = MemoryStore(self.bus)
        self.blobs = MemoryBlobs(4096)
        self.letters = BlobLetters(self.blobs, MimeLimits())
        self.settings = settings_for(server, ignored_networks=(), **settings)
        self.server = server
        self.keys: list[DkimKey] = make_keys("ours.org", (), DAY * DAY_MS, DAY * DAY_MS)
        self.hostname = hostname
        self.poster = poster or NoPoster()

    async def open(self, *, keys: bool = True) -> None:
        """Set up."""
        for name in ("another.org", "ours.org"):
            await self.store.write(add_domain, name, None, DAY * DAY_MS)
        if keys:
            await self.store.write(add_keys, self.keys)
        await self.store.write(add_results, [DayResults(DAY, "example.org", RESULTS)], 10)

    async def report(self) -> None:
        """The duty."""
        resolver = DnsResolver(self.settings)
        await TlsReporter(
            self.store, self.letters, resolver, self.poster, self.settings, self.hostname, lambda: self.now
        ).report()

    async def queued(self) -> list[Entry]:
        """What is in the queue, whatever became of it."""
        return (await self.store.read(list_queue, Filter(states=ALL), 0, 100)).entries

    async def left(self) -> list[str]:
        """Of which domains there are results."""
        return [each.domain for each in await self.store.read(old_results, DAY + 100, 100, None)]

    async def carry(self, port: int, destination: str = "example.org") -> None:
        """Carry what is queued there, over real sockets."""
        router = router_on(
            self.server, store=self.store, now=lambda: self.now, port=port, ignored_networks=(), families=("ipv4",)
        )
        queue = QueueSettings(linger_seconds=0)
        means = Means(self.store, self.blobs, router, relay(), queue, lambda: self.now)
        own = OwnMail(self.store, self.blobs, self.letters, queue, lambda: self.now)
        await Courier(means, own, self.bus).carry(destination.encode())
        await router.close()


@asynccontextmanager
async def house(zone: str = RECORD, **fields: Any) -> AsyncIterator[House]:
    keys, odd = fields.pop("keys", True), fields.pop("odd", None)
    async with DnsServer(zone, odd=odd) as server:
        found = House(server, **fields)
        await found.open(keys=keys)
        yield found


async def test_a_report_arrives_although_tls_there_is_broken() -> None:
    """The policy of example.org names another host, and its certificate is nobody's: plain mail waits."""
    world = await open_world(tls=TlsContextFactory(GOOD, TlsSettings()))
    zone = RECORD + (
        'example.org. MX 10 mx.example.org.\nmx.example.org. A 127.0.0.1\n_mta-sts.example.org. TXT "v=STSv1; id=1"\n'
    )
    async with house(zone) as ours, listening(world.factory) as port:
        text = "version: STSv1\nmode: enforce\nmx: other.example.org\nmax_age: 604800\n"
        await ours.store.write(keep_policy, "example.org", KeptPolicy("1", text, ours.now, ours.now + DAY_MS))
        letter = ours.letters.open()
        letter.write(b"Subject: plain\r\n\r\n")
        plain = Outbound(1, "x@ours.org", "ours.org", 0, [NewRecipient("bob@example.org")], 0, b"", ours.now + DAY_MS)
        await ours.store.write(send, await letter.finish(), [], [plain], ours.now)
        await ours.report()
        await ours.carry(port)
        assert [(entry.sender, entry.state) for entry in await ours.queued()] == [
            ("x@ours.org", "waiting"),
            ("", "delivered"),
        ]
        (stored,) = await world.inbox(BOB)
        assert [each.domain for each in await ours.store.read(old_results, DAY + 2, 10, None)] == ["example.org"]
        (counted,) = await ours.store.read(old_results, DAY + 3, 10, None)
        assert counted.day == DAY + 1, "today's, of the plain mail"
        assert sum(policy.succeeded for policy in counted.results.policies) == 0, "the report's session is in no report"
    message = email.message_from_bytes(stored)
    assert message["From"] == "<postmaster@ours.org>"
    parts: Any = message.get_payload()
    found = json.loads(gzip.decompress(parts[1].get_payload(decode=True)))
    assert found["organization-name"] == "ours.org"
    assert found["policies"][0]["policy"]["mx-host"] == ["mx.example.org"]
    assert found["policies"][0]["summary"] == {
        "total-successful-session-count": 7,
        "total-failure-session-count": 3,
    }
    records = {f"{key.selector}._domainkey.ours.org.".encode(): key for key in ours.keys}

    def txt(name: bytes, timeout: int = 5) -> bytes:
        return shown(records[name], DUE).record.encode()

    signed = stored[stored.index(b"DKIM-Signature") :]
    assert dkim.verify(signed, dnsfunc=txt)
    covered = message["DKIM-Signature"].lower()
    assert "tls-report-domain" in covered
    assert "tls-report-submitter" in covered


async def test_only_when_the_day_is_over_for_long_and_then_once() -> None:
    async with house() as ours:
        ours.now = (DAY + 1) * DAY_MS - 1
        await ours.report()
        ours.now = (DAY + 1) * DAY_MS + SETTLED_MS - 1
        await ours.report()
        assert await ours.queued() == []
        ours.now = DUE
        await ours.report()
        await ours.report()
        (entry,) = await ours.queued()
        assert (entry.recipient, entry.expires) == ("bob@example.org", DUE + RETRY_MS)
        assert await ours.left() == []


async def test_whoever_wants_none_gets_none() -> None:
    async with house("") as ours:
        await ours.report()
        assert await ours.queued() == []
        assert await ours.left() == []


async def test_a_dns_that_is_silent_is_asked_again_for_a_day() -> None:
    async with house(odd={"_smtp._tls.example.org": "SERVFAIL"}) as ours:
        await ours.report()
        assert (await ours.queued(), await ours.left()) == ([], ["example.org"])
        del ours.server.odd["_smtp._tls.example.org"]
        ours.now += RETRY_MS
        await ours.report()
        assert await ours.queued() == [], "it is too late"
        ours.now -= 1
        await ours.report()
        assert len(await ours.queued()) == 1


async def test_by_https(tmp_path: Path) -> None:
    zone = (
        '_smtp._tls.example.org. TXT "v=TLSRPTv1; rua=https://reports.example.org/tls?x=1"\n'
        "reports.example.org. A 127.0.0.1\n"
    )
    https = HttpsServer(b"HTTP/1.1 503 Not now\r\nContent-Length: 0\r\n\r\n")
    async with house(zone) as ours, https_client(https, tmp_path, "reports.example.org", ours.settings) as client:
        ours.poster = HttpsPoster(client, ours.settings)
        await ours.report()
        assert await ours.left() == ["example.org"]
        https.answer = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
        await ours.report()
        assert await ours.left() == []
        assert await ours.queued() == []
    assert len(https.bodies) == 2
    assert https.bodies[0] == https.bodies[1], "the same report with the same number"
    assert https.asked[1].startswith(b"POST /tls?x=1 HTTP/1.1\r\n")
    assert b"content-type: application/tlsrpt+gzip\r\n" in https.asked[1].lower()
    assert json.loads(gzip.decompress(https.bodies[1]))["report-id"] == "2026-09-21.example.org@ours.org"


async def test_without_a_key_none_is_mailed() -> None:
    async with house(keys=False) as ours:
        await ours.report()
        assert (await ours.queued(), await ours.left()) == ([], ["example.org"])


async def test_who_reports() -> None:
    async with house() as ours:
        for hostname, wanted, address in (
            ("mail.ours.org", "", "postmaster@ours.org"),
            ("ours.org", "", "postmaster@ours.org"),
            ("mail.notours.org", "", "postmaster@another.org"),
            ("mail.ours.org", "tls@another.org", "tls@another.org"),
        ):
            found = await ours.store.read(submitter_for, hostname, wanted)
            assert found is not None
            assert found.address == address
    async with house(tls_report_sender="tls@nobody.example") as ours:
        await ours.report()
        assert (await ours.queued(), await ours.left()) == ([], ["example.org"])


async def test_a_place_in_a_domain_of_ours() -> None:
    async with house('_smtp._tls.example.org. TXT "v=TLSRPTv1; rua=mailto:ann@ours.org"\n') as ours:
        await person(ours.store, "ann@ours.org")
        await ours.report()
        assert [job.key for job in await ours.store.read(list_jobs, 0, 10)] == ["carry @"]
        await ours.carry(1, "@")
        assert [entry.state for entry in await ours.queued()] == ["delivered"]


async def test_many_domains() -> None:
    async with house() as ours:
        days = [DayResults(DAY, f"d{number}.example", RESULTS) for number in range(250)]
        await ours.store.write(add_results, days, 10)
        await ours.report()
        assert await ours.left() == []
        assert len(await ours.queued()) == 1


async def test_silence_is_no_answer() -> None:
    async with house(odd={"_smtp._tls.example.org": dns.SILENT}) as ours:
        await ours.report()
        assert await ours.left() == ["example.org"]


async def test_the_duty_reports_unless_it_is_not_wanted() -> None:
    async with house() as ours:
        resolver = DnsResolver(ours.settings)
        reporter = TlsReporter(
            ours.store, ours.letters, resolver, ours.poster, ours.settings, ours.hostname, lambda: ours.now
        )
        for wanted, queued in ((False, 0), (True, 1)):
            settings = structs.replace(ours.settings, tls_reports=wanted)
            await reporting_duties(reporter, settings)["report tls"].do(b"")
            assert len(await ours.queued()) == queued
