"""MTA-STS policies, fetched over HTTPS as RFC 8461 3.3 wants it: a good certificate, no redirect, not for ever."""
# mypy: disallow-untyped-calls=False, disallow-subclassing-any=False

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from cryptography import x509
from OpenSSL import SSL
from OpenSSL.crypto import X509
from service_identity import VerificationError
from twisted.internet import ssl
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.web.client import Agent, ResponseDone, ResponseFailed
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from posthouse.core.dns import DnsFailure, Resolver
from posthouse.core.routing.contracts import PolicyUnavailable
from posthouse.core.routing.hosts import addresses_of, can_be_anothers
from posthouse.core.routing.settings import RoutingSettings

HTTPS = 443
HEADER_OCTETS = 65_536  # of the answer, beside the policy


class HttpsPolicies:
    """Where the policies of other domains are fetched."""

    def __init__(self, reactor: Any, resolver: Resolver, settings: RoutingSettings, port: int = HTTPS) -> None:
        self._reactor = reactor
        self._resolver = resolver
        self._settings = settings
        self._port = port
        self._trusted = trusted_authorities(settings)

    async def fetch(self, domain: str) -> str:
        """The text of a domain's policy; raises PolicyUnavailable."""
        try:
            async with asyncio.timeout(self._settings.policy_timeout_seconds):
                return await self._fetch(f"mta-sts.{domain}")
        except TimeoutError:
            raise PolicyUnavailable("it was not answered in time") from None
        except DnsFailure as failure:
            raise PolicyUnavailable(f"the DNS does not tell {failure.args[0]}: {failure.args[2]}") from failure

    async def _fetch(self, host: str) -> str:
        addresses, _ = await addresses_of(self._resolver, self._settings, host)
        usable = [address for address in addresses if can_be_anothers(address, self._settings)]
        last = PolicyUnavailable(f"{host} has no address that can be used")
        for address in usable[: self._settings.host_addresses]:
            try:
                return await self._fetch_from(host, address)
            except PolicyUnavailable as unavailable:
                last = unavailable
        raise last

    async def _fetch_from(self, host: str, address: str) -> str:
        most = self._settings.policy_octets + HEADER_OCTETS
        way = _OneAddress(self._reactor, host, address, self._port, self._trusted, most)
        agent = Agent.usingEndpointFactory(self._reactor, way)
        url = f"https://{host}/.well-known/mta-sts.txt".encode()
        asked = agent.request(b"GET", url, Headers({b"User-Agent": [b"Posthouse"], b"Accept": [b"text/plain"]}))
        try:
            return await self._text(await _awaited(asked))
        except PolicyUnavailable:
            raise
        except Exception as error:  # whatever a connection, TLS or HTTP may fail with
            raise _unavailable(error) from error
        finally:
            way.cut()

    async def _text(self, response: Any) -> str:
        """Of an answer that is a policy's; RFC 8461 3.3: redirects and other statuses are none."""
        kind = b"".join(response.headers.getRawHeaders(b"content-type", [b""])[:1])
        if response.code != 200 or kind.partition(b";")[0].strip().lower() != b"text/plain":
            what = kind.decode("ascii", "replace")[:60]
            raise PolicyUnavailable(f"the answer is {response.code} with {what or 'no type'}, not 200 with text/plain")
        reader = _Bounded(self._settings.policy_octets)
        response.deliverBody(reader)
        octets: bytes = await _awaited(reader.done)
        try:
            return octets.decode()
        except UnicodeDecodeError:
            raise PolicyUnavailable("the policy is not UTF-8", "sts-policy-invalid") from None


def trusted_authorities(settings: RoutingSettings) -> Any:
    """What certificates are checked against: the authorities of `routing.authorities`, else the system's."""
    if not settings.authorities:
        return ssl.platformTrust()
    found = x509.load_pem_x509_certificates(Path(settings.authorities).read_bytes())
    return ssl.trustRootFromCertificates([ssl.Certificate(X509.from_cryptography(each)) for each in found])


def _unavailable(error: Exception) -> PolicyUnavailable:
    reasons = error.reasons if isinstance(error, ResponseFailed) else []
    causes = [error, *(reason.value for reason in reasons)]
    words = ", ".join(str(cause)[:200] or type(cause).__name__ for cause in causes[-1:])
    if any(isinstance(cause, (SSL.Error, VerificationError)) for cause in causes):
        return PolicyUnavailable(f"its certificate is not good or TLS failed: {words}", "sts-webpki-invalid")
    return PolicyUnavailable(words)


async def _awaited(deferred: Deferred[Any]) -> Any:
    """The result; a caller that gives up cancels it."""
    return await deferred.asFuture(asyncio.get_running_loop())


class _Counted(ProtocolWrapper):
    """A connection that is cut when more comes than a policy and its header have."""

    def dataReceived(self, data: bytes) -> None:
        self.factory.left -= len(data)
        if self.factory.left < 0:
            self.factory.cut()
        else:
            super().dataReceived(data)


class _CountedFactory(WrappingFactory):
    """Makes the one connection of a fetch."""

    noisy = False
    protocol = _Counted

    def __init__(self, wrapped: Any, most: int) -> None:
        super().__init__(wrapped)
        self.left = most

    def cut(self) -> None:
        """End it at once, whatever the peer does."""
        for connection in list(self.protocols):
            connection.transport.abortConnection()


@implementer(IAgentEndpointFactory)
class _OneAddress:
    """The way to an address that was looked up, where the certificate must be the host's."""

    def __init__(self, reactor: Any, host: str, address: str, port: int, trusted: Any, most: int) -> None:
        options = ssl.optionsForClientTLS(host, trustRoot=trusted)
        kind: Any = TCP6ClientEndpoint if ":" in address else TCP4ClientEndpoint
        self._way: Any = wrapClientTLS(options, kind(reactor, address, port))
        self._most = most
        self._made: _CountedFactory | None = None

    def endpointForURI(self, _uri: Any) -> _OneAddress:
        return self

    def connect(self, factory: Any) -> Any:
        self._made = _CountedFactory(factory, self._most)
        return self._way.connect(self._made).addCallback(lambda connection: connection.wrappedProtocol)

    def cut(self) -> None:
        """End the connection."""
        if self._made is not None:
            self._made.cut()


class _Bounded(Protocol):
    """Takes a body of at most so many octets; `done` gives it."""

    def __init__(self, most: int) -> None:
        self.done: Deferred[bytes] = Deferred()
        self._most = most
        self._octets = bytearray()

    def dataReceived(self, data: bytes) -> None:
        self._octets += data
        if len(self._octets) > self._most and not self.done.called:
            self.done.errback(PolicyUnavailable(f"the policy is longer than {self._most} octets", "sts-policy-invalid"))

    def connectionLost(self, reason: Any = connectionDone) -> None:
        if self.done.called:
            return
        if reason.check(ResponseDone, PotentialDataLoss):  # HTTP/1.0: it ends with the connection
            self.done.callback(bytes(self._octets))
        else:
            self.done.errback(reason)
