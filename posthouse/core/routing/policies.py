"""MTA-STS policies of other domains: found by DNS, fetched, and kept as long as they say; RFC 8461 3 and 5.1."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import msgspec

from posthouse.core.dns import DnsFailure, Resolver
from posthouse.core.routing.contracts import PolicySource, PolicyUnavailable
from posthouse.core.routing.settings import RoutingSettings
from posthouse.formats.mta_sts import BadPolicy, StsPolicy, parse_policy, policy_id
from posthouse.storage.contract import ReadTransaction, Store, WriteTransaction, operation, query
from posthouse.storage.spaces import STS_POLICY

_MOST_FAILED = 10_000  # domains whose last fetch failed that a worker remembers
_REFRESH_MS = 86_400_000  # a policy is fetched again once a day although its id stays; RFC 8461 3.3


class KeptPolicy(msgspec.Struct, array_like=True, tag=1):
    """A policy as it was fetched, its id; times in ms."""

    id: str
    text: str
    fetched: int
    expires: int


_ENCODER = msgspec.msgpack.Encoder()
_POLICY = msgspec.msgpack.Decoder(KeptPolicy)


@query
def read_policy(txn: ReadTransaction, domain: str) -> KeptPolicy | None:
    """What is kept of a domain."""
    value = txn.get(STS_POLICY.key(domain))
    return None if value is None else _decoded(value)


@operation
def keep_policy(txn: WriteTransaction, domain: str, policy: KeptPolicy) -> None:
    """Keep it."""
    txn.put(STS_POLICY.key(domain), _ENCODER.encode(policy))


@operation
def forget_policies(txn: WriteTransaction, after: str, now: int, limit: int) -> str:
    """Forget those that are over among `limit` domains behind `after`; the last one looked at, "" at the end."""
    last, over, seen = "", [], 0
    start = STS_POLICY.key(after) + b"\0" if after else STS_POLICY.range()[0]
    for key, value in txn.scan(start, STS_POLICY.range()[1]):
        (last,) = STS_POLICY.parse(key)
        seen += 1
        kept = _decoded(value)
        if kept is None or kept.expires <= now:
            over.append(key)
        if seen == limit:
            break
    for key in over:
        txn.delete(key)
    return last if seen == limit else ""


def _decoded(value: bytes) -> KeptPolicy | None:
    """None for a damaged one, which is fetched again."""
    try:
        return _POLICY.decode(value)
    except (msgspec.MsgspecError, ValueError):
        return None


class StsPolicies:
    """The policies of other domains, as one worker knows them."""

    def __init__(
        self,
        store: Store,
        resolver: Resolver,
        source: PolicySource,
        settings: RoutingSettings,
        now: Callable[[], int],
    ) -> None:
        self._store = store
        self._resolver = resolver
        self._source = source
        self._settings = settings
        self._now = now
        self._failed: OrderedDict[str, tuple[str, int]] = OrderedDict()  # domain -> the id, when not before

    async def policy_of(self, domain: str) -> StsPolicy | None:
        """The policy in effect, None without one.

        Raises StoreUnavailable, and PolicyUnavailable when there is said to be one, which cannot be had.
        """
        kept = await self._store.read(read_policy, domain)
        if kept is not None and kept.expires <= self._now():
            kept = None
        wanted = await self._wanted(domain)
        if wanted is not None and _is_due(kept, wanted, self._now()) and not self._has_failed(domain, wanted):
            try:
                kept = await self._fetch(domain, wanted)
            except PolicyUnavailable:
                self._remember_failure(domain, wanted)
                if kept is None:
                    raise
        return None if kept is None else parse_policy(kept.text)

    async def _wanted(self, domain: str) -> str | None:
        """The id of the policy that the DNS tells of; a DNS that fails is no reason to drop one that is kept."""
        try:
            return policy_id((await self._resolver.ask(f"_mta-sts.{domain}", "TXT")).records)
        except DnsFailure:
            return None

    async def _fetch(self, domain: str, wanted: str) -> KeptPolicy:
        text = await self._source.fetch(domain)
        try:
            policy = parse_policy(text)
        except BadPolicy as bad:
            raise PolicyUnavailable(f"the policy of {domain} is none: {bad}", "sts-policy-invalid") from bad
        now = self._now()
        kept = KeptPolicy(wanted, text, now, now + policy.max_age * 1000)
        await self._store.write(keep_policy, domain, kept)
        return kept

    def _has_failed(self, domain: str, wanted: str) -> bool:
        failed = self._failed.get(domain)
        return failed is not None and failed[0] == wanted and failed[1] > self._now()

    def _remember_failure(self, domain: str, wanted: str) -> None:
        self._failed[domain] = wanted, self._now() + self._settings.policy_retry_seconds * 1000
        self._failed.move_to_end(domain)
        while len(self._failed) > _MOST_FAILED:
            self._failed.popitem(last=False)


def _is_due(kept: KeptPolicy | None, wanted: str, now: int) -> bool:
    return (
        kept is None or kept.id != wanted or now - kept.fetched >= min(_REFRESH_MS, (kept.expires - kept.fetched) // 2)
    )
