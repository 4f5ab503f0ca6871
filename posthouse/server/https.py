"""Questions to other sites over HTTPS: a good certificate, no redirect, answers that end."""
# mypy: disallow-untyped-calls=False, disallow-subclassing-any=False

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography import x509
from msgspec import Struct
from OpenSSL import SSL
from OpenSSL.crypto import X509
from service_identity import VerificationError
from twisted.internet import ssl
from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.web.client import Agent, ResponseDone, ResponseFailed
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory, IBodyProducer
from zope.interface import implementer

from posthouse.core.dns import DnsFailure, Resolver
from posthouse.core.routing.hosts import addresses_of, can_be_anothers
from posthouse.core.routing.settings import RoutingSettings

HTTPS = 443
HEADER_OCTETS = 65_536  # of the answer, beside its body


class HttpsFailed(Exception):
    """There is no answer. `is_tls`: the certificate is not good or TLS failed; `is_too_long`: it did not end."""

    def __init__(self, words: str, *, is_tls: bool = False, is_too_long: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.is_tls = is_tls
        self.is_too_long = is_too_long


class HttpsAnswer(Struct, frozen=True):
    """An answer; `kind` is its media type without parameters, `octets` is empty unless the status is 2xx."""

    status: int
    kind: str
    octets: bytes


class Https:
    """Asks other sites; `authorities` is a PEM file of those whose certificates are good, "" for the system's."""

    def __init__(
        self,
        reactor: Any,
        resolver: Resolver,
        settings: RoutingSettings,
        authorities: str = "",
        port: int = HTTPS,
    ) -> None:
        self._reactor = reactor
        self._resolver = resolver
        self._settings = settings
        self._port = port
        self._trusted = trusted_authorities(authorities)

    async def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        body: bytes | None = None,
        most_octets: int,
        seconds: float,
    ) -> HttpsAnswer:
        """What a site at port 443 says to one request, at one of its addresses; raises HttpsFailed."""
        try:
            async with asyncio.timeout(seconds):
                return await self._ask(method, url, headers, body, most_octets)
        except TimeoutError:
            raise HttpsFailed("it was not answered in time") from None
        except DnsFailure as failure:
            raise HttpsFailed(f"the DNS does not tell {failure.args[0]}: {failure.args[2]}") from failure

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most_octets: int
    ) -> HttpsAnswer:
        host = url.removeprefix("https://").partition("/")[0]
        addresses, _ = await addresses_of(self._resolver, self._settings, host)
        usable = [address for address in addresses if can_be_anothers(address, self._settings)]
        last = HttpsFailed(f"{host} has no address that can be used")
        for address in usable[: self._settings.host_addresses]:
            way = _OneAddress(self._reactor, host, address, self._port, self._trusted, most_octets + HEADER_OCTETS)
            try:
                return await self._ask_over(way, method, url, headers, body, most_octets)
            except HttpsFailed as failed:
                last = failed
            except Exception as error:  # whatever a connection, TLS or HTTP may fail with
                last = _failed(error)
            finally:
                way.cut()
        raise last

    async def _ask_over(
        self, way: _OneAddress, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most_octets: int
    ) -> HttpsAnswer:
        agent = Agent.usingEndpointFactory(self._reactor, way)
        fields = Headers({"User-Agent": ["Posthouse"], **{name: [value] for name, value in headers.items()}})
        producer = None if body is None else _Body(body)
        response = await _awaited(agent.request(method.encode(), url.encode(), fields, producer))
        kind = b"".join(response.headers.getRawHeaders(b"content-type", [b""])[:1]).decode("ascii", "replace")
        kind = kind.partition(";")[0].strip().lower()[:60]
        if not 200 <= response.code < 300:
            return HttpsAnswer(response.code, kind, b"")
        reader = _Bounded(most_octets)
        response.deliverBody(reader)
        return HttpsAnswer(response.code, kind, await _awaited(reader.done))


def trusted_authorities(path: str) -> Any:
    """What certificates are checked against: the authorities of a PEM file, of the system for ""."""
    if not path:
        return ssl.platformTrust()
    found = x509.load_pem_x509_certificates(Path(path).read_bytes())
    return ssl.trustRootFromCertificates([ssl.Certificate(X509.from_cryptography(each)) for each in found])


def _failed(error: Exception) -> HttpsFailed:
    reasons = error.reasons if isinstance(error, ResponseFailed) else []
    causes = [error, *(reason.value for reason in reasons)]
    words = ", ".join(str(cause)[:200] or type(cause).__name__ for cause in causes[-1:])
    if any(isinstance(cause, (SSL.Error, VerificationError)) for cause in causes):
        return HttpsFailed(f"its certificate is not good or TLS failed: {words}", is_tls=True)
    return HttpsFailed(words)


async def _awaited(deferred: Deferred[Any]) -> Any:
    """The result; a caller that gives up cancels it."""
    return await deferred.asFuture(asyncio.get_running_loop())


class _Counted(ProtocolWrapper):
    """A connection that is cut when more comes than an answer and its header may have."""

    def dataReceived(self, data: bytes) -> None:
        self.factory.left -= len(data)
        if self.factory.left < 0:
            self.factory.cut()
        else:
            super().dataReceived(data)


class _CountedFactory(WrappingFactory):
    """Makes the one connection of a question."""

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
            self.done.errback(HttpsFailed(f"the answer is longer than {self._most} octets", is_too_long=True))

    def connectionLost(self, reason: Any = connectionDone) -> None:
        if self.done.called:
            return
        if reason.check(ResponseDone, PotentialDataLoss):  # HTTP/1.0: it ends with the connection
            self.done.callback(bytes(self._octets))
        else:
            self.done.errback(reason)


@implementer(IBodyProducer)
class _Body:
    """What is sent with a request: it is small, and goes at once."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self.length = len(octets)

    def startProducing(self, consumer: Any) -> Deferred[None]:
        consumer.write(self._octets)
        return succeed(None)

    def pauseProducing(self) -> None:
        """It is written already."""

    def resumeProducing(self) -> None:
        """Likewise."""

    def stopProducing(self) -> None:
        """Likewise."""
