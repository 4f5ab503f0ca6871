"""Reports of TLS, sent once a day to each domain that asks for them; RFC 8460.

What was counted of a domain in a day is forgotten in the transaction that queues its report, or when the domain wants
none. A place that cannot be asked or does not answer is tried again for a day (RFC 8460 5.5).
"""

from __future__ import annotations

import asyncio
import secrets
import zlib
from collections.abc import Callable
from typing import Protocol

import structlog
from msgspec import structs

from posthouse.core.accounts.records import read_domain
from posthouse.core.dkim.keys import signing_keys
from posthouse.core.dkim.signing import signatures
from posthouse.core.dns import DnsFailure, Resolver
from posthouse.core.mail.letters import Letters
from posthouse.core.mail.records import Letter
from posthouse.core.queue.numbers import new_number
from posthouse.core.queue.send import NewRecipient, Outbound, enqueue
from posthouse.core.routing.settings import RoutingSettings
from posthouse.core.routing.tls_report_contents import Submitter, report_of, submitter_for
from posthouse.core.routing.tls_results import DAY_MS, DayResults, old_results
from posthouse.formats.address import parse_address
from posthouse.formats.dkim.body import BodyHash
from posthouse.formats.tlsrpt.compose import compose
from posthouse.formats.tlsrpt.record import report_places
from posthouse.formats.tlsrpt.report import TlsReport, compressed
from posthouse.storage.contract import Store, WriteTransaction, operation
from posthouse.storage.spaces import TLS_RESULT

log = structlog.get_logger()

SETTLED_MS = 600_000  # behind the end of a day, when all workers have written what they counted
SPREAD_MS = 4 * 3_600_000  # not everybody reports to everybody at midnight
RETRY_MS = DAY_MS  # RFC 8460 5.5
PAGE = 100  # domains looked at with one query
AT_ONCE = 8  # domains that are asked for at a time
RETURN_PATH = b"Return-Path: <>\r\n"


class PostFailed(Exception):
    """A place has not taken a report. args: why."""


class Poster(Protocol):
    """Takes reports to HTTPS places."""

    async def post(self, url: str, octets: bytes) -> None:
        """POST a compressed report (RFC 8460 5.4); raises PostFailed."""


@operation
def settle_day(
    txn: WriteTransaction, day: int, domain: str, letter: Letter | None, outbound: Outbound | None, now: int
) -> bool:
    """Forget a domain's results of a day and queue the report of it; False when that is done already."""
    if not txn.delete(TLS_RESULT.key(day, domain)):
        return False
    if letter is not None and outbound is not None:
        recipients = [
            structs.replace(one, own=read_domain(txn, parse_address(one.address).domain) is not None)
            for one in outbound.recipients
        ]
        enqueue(txn, letter, structs.replace(outbound, recipients=recipients), now)
    return True


class TlsReporter:
    """Sends them."""

    def __init__(
        self,
        store: Store,
        letters: Letters,
        resolver: Resolver,
        poster: Poster,
        settings: RoutingSettings,
        hostname: str,
        now: Callable[[], int],
    ) -> None:
        self._store = store
        self._letters = letters
        self._resolver = resolver
        self._poster = poster
        self._settings = settings
        self._hostname = hostname
        self._now = now

    async def report(self) -> None:
        """Send what is due; raises StoreUnavailable."""
        submitter = await self._store.read(submitter_for, self._hostname, self._settings.tls_report_sender)
        if submitter is None:
            if self._settings.tls_report_sender:
                sender = self._settings.tls_report_sender
                log.warning("no TLS reports: their sender is in no domain of ours", sender=sender)
            return
        room = asyncio.Semaphore(AT_ONCE)

        async def one(results: DayResults) -> None:
            async with room:
                await self._report(results, submitter)

        after: tuple[int, str] | None = None
        today = self._now() // DAY_MS
        while page := await self._store.read(old_results, today, PAGE, after):
            after = page[-1].day, page[-1].domain
            async with asyncio.TaskGroup() as group:
                for results in page:
                    if self._is_due(results):
                        group.create_task(one(results))

    def _is_due(self, results: DayResults) -> bool:
        ended = (results.day + 1) * DAY_MS
        spread = zlib.crc32(f"{self._hostname} {results.domain}".encode()) % SPREAD_MS
        return ended + SETTLED_MS + spread <= self._now() < ended + SETTLED_MS + SPREAD_MS + RETRY_MS

    async def _report(self, results: DayResults, submitter: Submitter) -> None:
        try:
            answer = await self._resolver.ask(f"_smtp._tls.{results.domain}", "TXT")
        except DnsFailure as failure:
            log.info("TLS report waits for the DNS", domain=results.domain, why=failure.args[2])
            return
        places = report_places(answer.records)
        if not places or not results.results.policies:
            await self._store.write(settle_day, results.day, results.domain, None, None, self._now())
            return
        report = report_of(results, submitter, self._settings)
        octets = await asyncio.to_thread(compressed, report)
        posted = [await self._post(place.to, octets, report) for place in places if place.kind == "https"]
        addresses = [place.to for place in places if place.kind == "mail"]
        mailed = bool(addresses) and await self._mail(results, report, octets, submitter, addresses)
        if any(posted) and not mailed:
            await self._store.write(settle_day, results.day, results.domain, None, None, self._now())

    async def _post(self, url: str, octets: bytes, report: TlsReport) -> bool:
        try:
            await self._poster.post(url, octets)
        except PostFailed as failed:
            log.info("TLS report not taken", domain=report.domain, url=url, why=str(failed))
            return False
        log.info("TLS report sent", domain=report.domain, url=url)
        return True

    async def _mail(
        self, results: DayResults, report: TlsReport, octets: bytes, submitter: Submitter, addresses: list[str]
    ) -> bool:
        """False where it cannot be signed: RFC 8460 5.3 has everybody drop such a report."""
        now = self._now()
        keys = await self._store.read(signing_keys, submitter.domain, now)
        if not keys:
            log.warning("no TLS report by mail: its domain has no DKIM key", domain=submitter.domain)
            return False
        text = compose(report, octets, submitter.address, addresses, f"tlsrpt-{secrets.token_hex(16)}", now)
        header, _, body = text.partition(b"\r\n\r\n")
        body_hash = BodyHash()
        body_hash.feed(body)
        signed = signatures(header + b"\r\n\r\n", body_hash.digest(), keys, now)
        writer = self._letters.open()
        try:
            writer.write(RETURN_PATH)
            writer.write(text)
            letter = await writer.finish()
        except BaseException:
            writer.abandon()
            raise
        outbound = Outbound(
            number=new_number(now),
            sender="",  # nobody need hear what became of it
            domain=submitter.domain,
            account=0,
            recipients=[NewRecipient(address, notify=("never",)) for address in addresses],
            start=len(RETURN_PATH),
            prefix=signed,
            expires=now + RETRY_MS,
            body="7BIT",
            tls_optional=True,  # RFC 8460 3: it is delivered despite any failure of TLS
        )
        if await self._store.write(settle_day, results.day, results.domain, letter, outbound, now):
            log.info("TLS report queued", domain=report.domain, to=addresses)
        return True
