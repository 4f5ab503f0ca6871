"""The DNS, by dnspython: asked over UDP, over TCP what was cut off, and remembered for as long as answers say."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.nameserver
import dns.rdata
import dns.resolver

from posthouse.core.dns import Answer, DnsFailure
from posthouse.core.routing.settings import RoutingSettings
from posthouse.formats.endpoint import parse_endpoint

PORT = 53
PAYLOAD = 1_232  # octets that pass everywhere unfragmented (DNS flag day 2020)
ABSENCE_SECONDS = 300  # the longest that it is remembered that there is nothing


class DnsResolver:
    """Asks the resolvers of the settings, else those of the machine."""

    def __init__(self, settings: RoutingSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        servers = [parse_endpoint(text, PORT) for text in settings.dns_servers] or machine_servers()
        self._trusts = _trusts(settings, servers)
        self._asking = dns.asyncresolver.Resolver(configure=False)
        self._asking.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in servers]
        self._asking.timeout = settings.dns_timeout_seconds
        self._asking.lifetime = settings.dns_patience_seconds
        self._asking.use_edns(0, dns.flags.DO, PAYLOAD)
        self._asking.flags = dns.flags.RD | dns.flags.AD
        self._known: OrderedDict[tuple[str, str], tuple[float, Answer]] = OrderedDict()

    async def ask(self, name: str, kind: str) -> Answer:
        """Records of one name and type; raises DnsFailure."""
        key = (name.lower().removesuffix("."), kind)
        held = self._known.get(key)
        if held is not None and held[0] > self._clock():
            self._known.move_to_end(key)
            return held[1]
        answer, seconds = await self._ask(*key)
        self._remember(key, answer, seconds)
        return answer

    async def _ask(self, name: str, kind: str) -> tuple[Answer, float]:
        """The answer and for how long it is good."""
        if not self._asking.nameservers:
            raise DnsFailure(name, kind, "no resolver is known: set routing.dns_servers")
        try:
            asked = dns.name.from_text(name)
        except (dns.exception.DNSException, ValueError):  # an empty or an overlong label, or one too many
            return Answer((), exists=False, name=name), 0.0
        try:
            found = await self._asking.resolve(asked, kind, raise_on_no_answer=False, search=False)
            if found.response.flags & dns.flags.TC:  # over TCP: what is not whole is not believed
                raise DnsFailure(name, kind, "the answer was cut off")
            return self._answer(found.response, found.rrset or (), found.canonical_name), _seconds(found)
        except dns.resolver.NXDOMAIN as nothing:
            response = nothing.kwargs["responses"][asked]
            chain = response.resolve_chaining()
            answer = self._answer(response, (), chain.canonical_name, exists=False)
            return answer, min(chain.minimum_ttl, ABSENCE_SECONDS)
        except (dns.exception.DNSException, OSError, ValueError, KeyError) as error:
            raise DnsFailure(name, kind, _why(error)) from error

    def _answer(
        self, response: dns.message.Message, found: Iterable[dns.rdata.Rdata], name: dns.name.Name, exists: bool = True
    ) -> Answer:
        is_secure = self._trusts and bool(response.flags & dns.flags.AD)
        records = tuple(_text(record) for record in found)
        return Answer(records, is_secure, exists, name.to_text(omit_final_dot=True).lower())

    def _remember(self, key: tuple[str, str], answer: Answer, seconds: float) -> None:
        lasting = min(seconds, self._settings.dns_cache_seconds)
        if lasting <= 0 or not self._settings.dns_cache_entries:
            return
        self._known[key] = (self._clock() + lasting, answer)
        self._known.move_to_end(key)
        while len(self._known) > self._settings.dns_cache_entries:
            self._known.popitem(last=False)


def machine_servers() -> list[tuple[str, int]]:
    """The resolvers of /etc/resolv.conf, with their ports."""
    try:
        servers = dns.resolver.Resolver().nameservers
    except (dns.exception.DNSException, OSError, ValueError):
        return []
    return [(str(server), PORT) for server in servers]


def _trusts(settings: RoutingSettings, servers: list[tuple[str, int]]) -> bool:
    if settings.trust_dnssec != "auto":
        return settings.trust_dnssec == "always"
    return all(ipaddress.ip_address(host.partition("%")[0]).is_loopback for host, _ in servers)


def _seconds(found: dns.resolver.Answer) -> float:
    seconds = found.chaining_result.minimum_ttl
    return seconds if found.rrset is not None else min(seconds, ABSENCE_SECONDS)


def _text(record: dns.rdata.Rdata) -> str:
    strings: tuple[bytes, ...] | None = getattr(record, "strings", None)  # TXT
    return record.to_text() if strings is None else b"".join(strings).decode("utf-8", "replace")


def _why(error: Exception) -> str:
    """In words, without the question, which the caller names."""
    if isinstance(error, dns.resolver.LifetimeTimeout):
        return "no resolver answered in time"
    if isinstance(error, dns.resolver.NoNameservers):
        reasons = {str(each[3]) for each in error.kwargs["errors"]}
        return f"the resolvers refused or failed: {', '.join(sorted(reasons))}"[:200]
    return str(error)[:200] or type(error).__name__
