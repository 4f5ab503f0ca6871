"""How TLS to others went, counted by day and domain for the reports of RFC 8460."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import islice

import msgspec
import structlog

from posthouse.core.queue.contracts import Hop, TlsPolicy
from posthouse.core.routing.settings import RoutingSettings
from posthouse.storage.contract import ReadTransaction, Store, StoreUnavailable, WriteTransaction, operation, query
from posthouse.storage.spaces import TLS_RESULT

log = structlog.get_logger()

DAY_MS = 86_400_000
FLUSH_SECONDS = 10.0  # what a kill -9 loses at most; figures, not mail
AT_ONCE = 200  # domains in one transaction
_MOST = 20_000  # domains and days that wait to be written
_MOST_POLICIES = 20  # of a domain in a day


class Failures(msgspec.Struct, array_like=True):
    """Sessions that failed alike; RFC 8460 4.3. `address` is the host's, `source` ours."""

    result: str
    host: str = ""
    address: str = ""
    source: str = ""
    count: int = 0


class PolicyResults(msgspec.Struct, array_like=True):
    """What was seen under one policy."""

    source: str  # policy-type: "tlsa", "sts", "no-policy-found"
    text: list[str] = []
    domain: str = ""  # policy-domain; for TLSA the host whose records they are (RFC 8460 1.1)
    succeeded: int = 0
    failed: list[Failures] = []


class TlsResults(msgspec.Struct, array_like=True, tag=1):
    """A day of one domain."""

    policies: list[PolicyResults] = []


class DayResults(msgspec.Struct, array_like=True, frozen=True):
    """What is written of a domain at once; `day` in days since the epoch, UTC."""

    day: int
    domain: str
    results: TlsResults


_ENCODER = msgspec.msgpack.Encoder()
_RESULTS = msgspec.msgpack.Decoder(TlsResults)


@operation
def add_results(txn: WriteTransaction, days: list[DayResults], most_failures: int) -> None:
    """Add them to what is there."""
    for each in days:
        key = TLS_RESULT.key(each.day, each.domain)
        value = txn.get(key)
        held = TlsResults([]) if value is None else _RESULTS.decode(value)
        for policy in each.results.policies:
            _merge(held, policy, most_failures)
        txn.put(key, _ENCODER.encode(held))


@query
def old_results(txn: ReadTransaction, before: int, limit: int, after: tuple[int, str] | None) -> list[DayResults]:
    """Up to `limit` domains' results of days before `before`, the oldest first, behind the day and domain `after`."""
    found = []
    start = TLS_RESULT.range()[0] if after is None else TLS_RESULT.key(*after) + b"\0"
    for key, value in islice(txn.scan(start, TLS_RESULT.prefix(before)), limit):
        day, domain = TLS_RESULT.parse(key)
        try:
            found.append(DayResults(day, domain, _RESULTS.decode(value)))
        except (msgspec.MsgspecError, ValueError):  # figures that are damaged are worth nothing
            found.append(DayResults(day, domain, TlsResults([])))
    return found


@operation
def forget_results(txn: WriteTransaction, before: int, limit: int) -> int:
    """Forget up to `limit` domains' results of days before `before`; how many they were."""
    old = [key for key, _ in islice(txn.scan(TLS_RESULT.range()[0], TLS_RESULT.prefix(before)), limit)]
    for key in old:
        txn.delete(key)
    return len(old)


class TlsCounts:
    """What one worker has seen and not yet written."""

    def __init__(self, store: Store, settings: RoutingSettings, now: Callable[[], int]) -> None:
        self._store = store
        self._most_failures = settings.tls_report_failures
        self._is_wanted = settings.tls_reports
        self._now = now
        self._counts: dict[tuple[int, str], TlsResults] = {}
        self._writing: asyncio.Task[None] | None = None

    def note(self, hop: Hop, failure: str) -> None:
        """A session at `hop` began its TLS ("" as `failure`) or failed at it."""
        if hop.tls.source == "configuration" or not hop.tls.domain:
            return  # a smart host: nobody's published policy
        domain = hop.tls.names[0] if hop.tls.source == "tlsa" else hop.tls.domain
        results = PolicyResults(hop.tls.source, list(hop.tls.text), domain)
        if failure:
            results.failed = [Failures(failure, hop.host, hop.address, hop.source, 1)]
        else:
            results.succeeded = 1
        self._add(hop.tls.domain, results)

    def note_policy(self, policy: TlsPolicy, result: str, host: str = "") -> None:
        """Before there was any session: the policy could not be had, or does not name the host."""
        failed = [Failures(result, host, count=1)]
        self._add(policy.domain, PolicyResults(policy.source, list(policy.text), policy.domain, failed=failed))

    async def close(self) -> None:
        """Write the last ones."""
        if self._writing is not None:
            self._writing.cancel()
        await self.flush()

    async def flush(self) -> None:
        """Write what there is; what the store does not take now is kept."""
        while self._counts:
            keys = list(self._counts)[:AT_ONCE]
            days = [DayResults(day, domain, self._counts.pop((day, domain))) for day, domain in keys]
            try:
                await self._store.write(add_results, days, self._most_failures)
            except StoreUnavailable as error:
                for each in days:
                    self._put_back(each)
                log.warning("TLS results not written yet", why=str(error))
                return

    def _add(self, domain: str, results: PolicyResults) -> None:
        key = self._now() // DAY_MS, domain
        held = self._counts.get(key)
        if not self._is_wanted or (held is None and len(self._counts) >= _MOST):
            return
        if held is None:
            held = self._counts[key] = TlsResults([])
        _merge(held, results, self._most_failures)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._flush_later())

    def _put_back(self, each: DayResults) -> None:
        held = self._counts.setdefault((each.day, each.domain), TlsResults([]))
        for policy in each.results.policies:
            _merge(held, policy, self._most_failures)

    async def _flush_later(self) -> None:
        while self._counts:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()


def _merge(held: TlsResults, new: PolicyResults, most_failures: int) -> None:
    """Add `new` to the results of the same policy. Further kinds of failure than there may be count as the last."""
    for policy in held.policies:
        if (policy.source, policy.domain, policy.text) == (new.source, new.domain, new.text):
            break
    else:
        if len(held.policies) >= _MOST_POLICIES:
            return
        policy = PolicyResults(new.source, new.text, new.domain, failed=[])
        held.policies.append(policy)
    policy.succeeded += new.succeeded
    for failures in new.failed:
        for known in policy.failed:
            if (known.result, known.host, known.address, known.source) == (
                failures.result, failures.host, failures.address, failures.source,
            ):  # fmt: skip
                known.count += failures.count
                break
        else:
            if len(policy.failed) < most_failures:
                policy.failed.append(msgspec.structs.replace(failures))
            else:
                policy.failed[-1].count += failures.count
