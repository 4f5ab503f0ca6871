"""A router that asks a DNS server of the test over real sockets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import structs

from posthouse.core.routing.contracts import Ourselves, PolicyUnavailable
from posthouse.core.routing.policies import StsPolicies
from posthouse.core.routing.router import MxRouter
from posthouse.core.routing.settings import RoutingSettings
from posthouse.server.resolver import DnsResolver
from posthouse.storage.contract import Store
from posthouse.storage.memory import MemoryStore
from tests.dns import NO_ANSWERS, DnsServer

NOW = 1_790_000_000_000
OURSELVES = Ourselves("mail.ours.org", frozenset({"203.0.113.5"}).__contains__)


class Texts:
    """Policies by domain, in place of their HTTPS servers."""

    def __init__(self, **texts: str) -> None:
        self.texts = texts
        self.fetched: list[str] = []

    async def fetch(self, domain: str) -> str:
        self.fetched.append(domain)
        if domain not in self.texts:
            raise PolicyUnavailable(f"there is none of {domain}")
        return self.texts[domain]


def settings_for(server: DnsServer, **more: Any) -> RoutingSettings:
    """Patient ones, but where the server keeps silent."""
    wanted = RoutingSettings(dns_servers=(server.address,), policy_timeout_seconds=10)
    if any(odd in NO_ANSWERS for odd in server.odd.values()):
        wanted = structs.replace(wanted, dns_timeout_seconds=0.1, dns_patience_seconds=0.3)
    return structs.replace(wanted, **more)


def router_on(
    server: DnsServer,
    source: Texts | None = None,
    store: Store | None = None,
    now: Callable[[], int] = lambda: NOW,
    **settings: Any,
) -> MxRouter:
    wanted = settings_for(server, **settings)
    store, resolver = store or MemoryStore(), DnsResolver(wanted)
    policies = StsPolicies(store, resolver, source or Texts(), wanted, now)
    return MxRouter(store, resolver, policies, wanted, OURSELVES, now)
