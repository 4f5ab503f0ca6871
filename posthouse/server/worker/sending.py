"""What carries mail away from here: the resolver, the router, the relay, the courier and the reporter of one worker."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

from msgspec import Struct

from posthouse.core.queue.courier import Courier
from posthouse.core.queue.line import Means
from posthouse.core.queue.own import OwnMail
from posthouse.core.queue.reporter import Reporter
from posthouse.core.routing.contracts import Ourselves
from posthouse.core.routing.policies import StsPolicies
from posthouse.core.routing.router import MxRouter
from posthouse.core.routing.tls_reports import TlsReporter
from posthouse.server.configuration.tree import authorities_file
from posthouse.server.https import Https
from posthouse.server.policies import HttpsPolicies
from posthouse.server.resolver import DnsResolver
from posthouse.server.tls_posting import HttpsPoster
from posthouse.server.worker.outgoing import build_relay
from posthouse.server.worker.parts import Parts
from posthouse.storage.clock import now_ms


class Sending(Struct, frozen=True):
    """The parts that the queue's duties are made of."""

    courier: Courier
    reporter: Reporter
    router: MxRouter
    resolver: DnsResolver
    tls_reporter: TlsReporter


def build_sending(parts: Parts, reactor: Any) -> Sending:
    """Build them."""
    configuration = parts.configuration
    resolver = DnsResolver(configuration.routing)
    https = Https(reactor, resolver, configuration.routing, authorities_file(configuration))
    router = MxRouter(
        parts.store,
        resolver,
        StsPolicies(parts.store, resolver, HttpsPolicies(https, configuration.routing), configuration.routing, now_ms),
        configuration.routing,
        Ourselves(parts.hostname, is_own_address),
        now_ms,
    )
    relay = build_relay(configuration, parts.hostname)
    means = Means(parts.store, parts.blobs, router, relay, configuration.queue, now_ms)
    own = OwnMail(parts.store, parts.blobs, parts.letters, configuration.queue, now_ms)
    return Sending(
        courier=Courier(means, own, parts.bus),
        reporter=Reporter(parts.store, parts.blobs, parts.letters, configuration.queue, parts.hostname, now_ms),
        router=router,
        resolver=resolver,
        tls_reporter=TlsReporter(
            parts.store,
            parts.letters,
            resolver,
            HttpsPoster(https, configuration.routing),
            configuration.routing,
            parts.hostname,
            now_ms,
        ),
    )


def is_own_address(text: str) -> bool:
    """True for an address of this machine's that others can reach: one that a socket can be bound to."""
    address = ipaddress.ip_address(text)
    if address.is_loopback or address.is_unspecified:
        return False
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((text, 0))
    except OSError:
        return False
    return True
