"""The way to a destination: its mail hosts or a smart host, their addresses, and which TLS each must speak."""

from __future__ import annotations

import asyncio
import ipaddress
import random
from collections.abc import Callable
from contextlib import suppress

from msgspec import structs

from posthouse.core.accounts.records import DomainRecord, SmartHost, read_domain
from posthouse.core.dns import DnsFailure, Resolver
from posthouse.core.queue.contracts import Hop, RemoteLogin, Route, TlsPolicy, Unroutable
from posthouse.core.routing.contracts import Ourselves, PolicyUnavailable
from posthouse.core.routing.dane import dane_policy
from posthouse.core.routing.hosts import MailHost, addresses_of, can_be_anothers, find_hosts, unanswered
from posthouse.core.routing.policies import StsPolicies
from posthouse.core.routing.settings import RoutingSettings
from posthouse.core.routing.tls_results import TlsCounts
from posthouse.formats.mta_sts import StsPolicy
from posthouse.storage.contract import ReadTransaction, Store, query


@query
def sending_domain(txn: ReadTransaction, name: str) -> DomainRecord | None:
    """A domain of ours, for its smart host and its addresses."""
    return read_domain(txn, name)


class MxRouter:
    """Finds the way by the DNS; fulfils the queue's Router."""

    def __init__(
        self,
        store: Store,
        resolver: Resolver,
        policies: StsPolicies,
        settings: RoutingSettings,
        ourselves: Ourselves,
        now: Callable[[], int],
    ) -> None:
        self._store = store
        self._resolver = resolver
        self._settings = settings
        self._ourselves = ourselves
        self._policies = policies
        self._counts = TlsCounts(store, settings, now)

    async def route(self, destination: str, domain: str, *, tls_optional: bool = False) -> Route:
        """The hops to a domain, to an address literal, or ("@example.org") to the smart host of a domain of ours.

        With `tls_optional` the destination's policies count for nothing, and its sessions are in no report
        (RFC 8689 4.2.2, RFC 8460 3); a smart host's login still wants what it wants. Raises Unroutable,
        StoreUnavailable.
        """
        ours = await self._store.read(sending_domain, domain)
        if destination.startswith("@"):
            route = await self._route_to_smart_host(destination[1:])
        elif destination.startswith("["):
            route = self._route_to_literal(destination)
        else:
            route = await self._route_to_hosts(destination, tls_optional=tls_optional)
        return route if ours is None else _from_sources(route, ours.source_addresses)

    def note_tls(self, hop: Hop, failure: str) -> None:
        """Count a session's TLS for the domain's report; `failure` is a result type of RFC 8460 4.3, "" for none."""
        self._counts.note(hop, failure)

    async def close(self) -> None:
        """Write what was counted."""
        await self._counts.close()

    async def _route_to_smart_host(self, name: str) -> Route:
        record = await self._store.read(sending_domain, name)
        smart = None if record is None else record.smart_host
        if smart is None:
            raise Unroutable(f"{name} has no smart host any more", "4.3.5", permanent=False)
        try:
            addresses = await self._smart_addresses(smart)
        except DnsFailure as failure:
            raise unanswered(failure) from failure
        if not addresses:  # the administrator's mistake, not the sender's: the mail waits
            raise Unroutable(f"the smart host {smart.host} has no address", "4.4.4", permanent=False)
        hops = (_smart_hop(smart, address) for address in addresses[: self._settings.host_addresses])
        return Route(tuple(hops), final=False)

    async def _smart_addresses(self, smart: SmartHost) -> list[str]:
        with suppress(ValueError):
            return [str(ipaddress.ip_address(smart.host))]
        addresses, _ = await addresses_of(self._resolver, self._settings, smart.host)
        return addresses

    def _route_to_literal(self, destination: str) -> Route:
        address = _literal(destination)
        if not can_be_anothers(address, self._settings) or self._ourselves.is_own_address(address):
            raise Unroutable(f"{destination} is no other server", "5.4.6", permanent=True)
        return Route((Hop(destination, address, self._settings.port),))

    async def _route_to_hosts(self, destination: str, *, tls_optional: bool) -> Route:
        hosts = await find_hosts(self._resolver, self._settings, self._ourselves, destination)
        if tls_optional:
            port = self._settings.port
            return Route(tuple(Hop(host.name, address, port) for host in hosts for address in host.addresses))
        sts = await self._sts_policy(destination)
        policies = await asyncio.gather(*(self._tls(host, destination, sts) for host in hosts), return_exceptions=True)
        hops: list[Hop] = []
        for host, tls in zip(hosts, policies, strict=True):
            if isinstance(tls, TlsPolicy):
                hops += (Hop(host.name, address, self._settings.port, tls) for address in host.addresses)
            elif isinstance(tls, BaseException) and not isinstance(tls, DnsFailure):
                raise tls
        if hops:
            return Route(tuple(hops))
        failure = next((tls for tls in policies if isinstance(tls, DnsFailure)), None)
        if failure is not None:
            raise unanswered(failure) from failure
        raise Unroutable(f"the MTA-STS policy of {destination} names none of its mail hosts", "4.7.5", permanent=False)

    async def _tls(self, host: MailHost, destination: str, sts: StsPolicy | None) -> TlsPolicy | None:
        """The TLS that a host must speak; None when it must not be used, and raises DnsFailure when not now."""
        if self._settings.dane:
            found = await dane_policy(self._resolver, host, self._settings.port, destination)
            if found is not None:
                return found  # RFC 8461 2: MTA-STS does not override DANE
        if sts is None or sts.mode == "none":
            return TlsPolicy(domain=destination)
        policy = TlsPolicy("verified", (host.name,), source="sts", domain=destination, text=sts.lines)
        if sts.mode == "testing":
            policy = structs.replace(policy, testing=True)
        if sts.names(host.name):
            return policy
        self._counts.note_policy(policy, "validation-failure", host.name)
        return structs.replace(policy, mode="opportunistic", testing=False) if sts.mode == "testing" else None

    async def _sts_policy(self, destination: str) -> StsPolicy | None:
        if not self._settings.mta_sts:
            return None
        try:
            return await self._policies.policy_of(destination)
        except PolicyUnavailable as why:
            self._counts.note_policy(TlsPolicy(source="sts", domain=destination), why.result)
            return None


def _smart_hop(smart: SmartHost, address: str) -> Hop:
    mode = TlsPolicy("opportunistic" if smart.plain else "verified", (smart.host,), source="configuration")
    login = RemoteLogin(smart.name, smart.password) if smart.name else None
    return Hop(smart.host, address, smart.port, mode, login, smart.implicit_tls)


def _literal(destination: str) -> str:
    """The address in "[192.0.2.1]" or "[IPv6:2001:db8::1]"; RFC 5321 4.1.3."""
    text = destination[1:].removesuffix("]")
    version, text = (6, text[5:]) if text[:5].lower() == "ipv6:" else (4, text)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        address = None
    if address is None or address.version != version:
        raise Unroutable(f"{destination} is no address", "5.1.2", permanent=True)
    return str(address)


def _from_sources(route: Route, sources: tuple[str, ...]) -> Route:
    """From the domain's own addresses: of each family one at random; a family without one is not used."""
    if not sources:
        return route
    by_family: dict[bool, list[str]] = {}
    for source in sources:
        by_family.setdefault(":" in source, []).append(source)
    hops = tuple(
        structs.replace(hop, source=random.choice(by_family[":" in hop.address]))  # noqa: S311 - no secret
        for hop in route.hops
        if (":" in hop.address) in by_family
    )
    if not hops:
        raise Unroutable("no host there has an address of a family that we have one to send from", "4.4.4",
                         permanent=False)  # fmt: skip
    return structs.replace(route, hops=hops)
