"""Which hosts take a destination's mail, and their addresses; RFC 5321 5.1."""

from __future__ import annotations

import asyncio
import ipaddress
import random
from itertools import zip_longest

from msgspec import Struct, structs

from posthouse.core.dns import Answer, DnsFailure, Resolver
from posthouse.core.queue.contracts import Unroutable
from posthouse.core.routing.contracts import Ourselves
from posthouse.core.routing.settings import RoutingSettings
from posthouse.formats.address import canonical_domain

KINDS = {"ipv6": "AAAA", "ipv4": "A"}


class MailHost(Struct, frozen=True):
    """A host that takes mail. `canonical` is its name behind aliases; `secure` when DNSSEC validated all of the way."""

    name: str
    preference: int
    secure: bool = False
    canonical: str = ""
    addresses: tuple[str, ...] = ()


async def find_hosts(
    resolver: Resolver, settings: RoutingSettings, ourselves: Ourselves, destination: str
) -> list[MailHost]:
    """The hosts to try, in this order, each with an address; raises Unroutable."""
    try:
        named = await _named_hosts(resolver, destination)
    except DnsFailure as failure:
        raise unanswered(failure) from failure
    named = _behind_us(named, [host for host in named if host.name == ourselves.hostname], destination)
    named = named[: settings.mx_hosts]
    answers = await asyncio.gather(
        *(_with_addresses(resolver, settings, host) for host in named), return_exceptions=True
    )
    failures = [answer for answer in answers if isinstance(answer, DnsFailure)]
    hosts = [_host(answer) for answer in answers if not isinstance(answer, DnsFailure)]
    own = [host for host in hosts if any(ourselves.is_own_address(address) for address in host.addresses)]
    found = [host for host in _behind_us(hosts, own, destination) if host.addresses]
    if found:
        return found
    if failures:
        raise unanswered(failures[0])
    if named[0].name == destination:
        raise Unroutable(f"{destination} has no mail host and no address", "5.1.2", permanent=True)
    raise Unroutable(f"no mail host of {destination} has an address that can be used", "5.4.4", permanent=True)


async def addresses_of(resolver: Resolver, settings: RoutingSettings, host: str) -> tuple[list[str], list[Answer]]:
    """A host's addresses, both families in turn, with the answers; raises DnsFailure unless some are known."""
    asked = await asyncio.gather(
        *(resolver.ask(host, KINDS[family]) for family in settings.families), return_exceptions=True
    )
    answers = [answer for answer in asked if isinstance(answer, Answer)]
    families = [_shuffled(answer.records) for answer in answers]
    addresses = [address for pair in zip_longest(*families) for address in pair if address is not None]
    for failure in asked:
        if isinstance(failure, BaseException) and not (isinstance(failure, DnsFailure) and addresses):
            raise failure
    return addresses, answers


def can_be_anothers(address: str, settings: RoutingSettings) -> bool:
    """True for an address where another's mail host can be."""
    networks = (ipaddress.ip_network(network) for network in settings.ignored_networks)
    return not any(ipaddress.ip_address(address) in network for network in networks)


def unanswered(failure: DnsFailure) -> Unroutable:
    """The DNS does not tell the way now."""
    name, kind, why = failure.args
    return Unroutable(f"the DNS does not tell {kind} of {name}: {why}", "4.4.3", permanent=False)


async def _named_hosts(resolver: Resolver, destination: str) -> list[MailHost]:
    """By preference, equal ones in random order; the destination itself when it names none."""
    mx = await resolver.ask(destination, "MX")
    if not mx.exists:
        raise Unroutable(f"there is no domain {destination}", "5.1.2", permanent=True)
    if not mx.records:
        return [MailHost(destination, 0, mx.secure)]
    hosts = []
    for record in _shuffled(mx.records):
        preference, _, name = record.partition(" ")
        if name == "." and len(mx.records) == 1:  # RFC 7505 3
            raise Unroutable(f"{destination} takes no mail", "5.1.10", permanent=True)
        try:
            hosts.append(MailHost(canonical_domain(name), int(preference), mx.secure))
        except ValueError:
            continue
    if not hosts:
        raise Unroutable(f"the mail hosts of {destination} are no names of hosts", "5.4.4", permanent=True)
    return sorted(hosts, key=lambda host: host.preference)


def _behind_us(hosts: list[MailHost], own: list[MailHost], destination: str) -> list[MailHost]:
    """Those preferred to ourselves, where we are one of them; RFC 5321 5.1."""
    if not own:
        return hosts
    ours = min(host.preference for host in own)
    better = [host for host in hosts if host.preference < ours]
    if not better:
        raise Unroutable(f"mail for {destination} comes back to this server, which does not take it", "5.4.6",
                         permanent=True)  # fmt: skip
    return better


async def _with_addresses(resolver: Resolver, settings: RoutingSettings, host: MailHost) -> MailHost:
    """Raises DnsFailure; where the name was validated also when either family is not known, for it may have been
    kept from us so that there is no DANE (RFC 7672 2.1.2).
    """
    addresses, answers = await addresses_of(resolver, settings, host.name)
    if host.secure and len(answers) < len(settings.families):
        raise DnsFailure(host.name, "addresses", "not all of them are known")
    usable = [address for address in addresses if can_be_anothers(address, settings)]
    return structs.replace(
        host,
        secure=host.secure and all(answer.secure for answer in answers),
        canonical=answers[0].name or host.name,
        addresses=tuple(usable[: settings.host_addresses]),
    )


def _host(answer: MailHost | BaseException) -> MailHost:
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _shuffled(records: tuple[str, ...]) -> list[str]:
    return random.sample(records, len(records))
