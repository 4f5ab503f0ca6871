"""TLS contexts by policy, and the judgement behind the handshake; RFC 7672, RFC 8461 4.1, RFC 8314 for smart hosts."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import Any

from cryptography import x509
from OpenSSL import SSL, crypto
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from zope.interface import implementer

from posthouse.core.queue.contracts import Hop
from posthouse.formats.address import canonical_domain
from posthouse.protocols.smtp.relay.channel import TlsFailed
from posthouse.protocols.smtp.relay.tls import dane
from posthouse.protocols.smtp.relay.tls.failures import failure_of
from posthouse.protocols.smtp.relay.tls.names import is_address, is_for


class ClientTls:
    """What all connections share; `authorities` is a PEM file, "" for the machine's."""

    def __init__(self, authorities: str = "") -> None:
        self._authorities = authorities

    def judge_for(self, hop: Hop) -> HopJudge:
        """TLS as this hop must have it. Raises OSError when the authorities cannot be read."""
        is_verified = hop.tls.mode == "verified"
        return HopJudge(hop, self._verifying if is_verified else self._unchecked)

    @cached_property
    def _unchecked(self) -> SSL.Context:
        """Nobody's word is taken, so that weak keys are still better than plain text (RFC 7435)."""
        context = _context()
        context.set_cipher_list(b"DEFAULT:@SECLEVEL=0")
        return context

    @cached_property
    def _verifying(self) -> SSL.Context:
        context = _context()
        try:
            if self._authorities:
                context.load_verify_locations(self._authorities)
            else:
                context.set_default_verify_paths()
        except SSL.Error:
            raise OSError(f"routing.authorities: {self._authorities} cannot be read") from None
        return context


def _context() -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)  # RFC 8996
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    return context


@implementer(IOpenSSLClientConnectionCreator)
class HopJudge:
    """TLS with one hop."""

    def __init__(self, hop: Hop, context: SSL.Context) -> None:
        self._hop = hop
        self._context = context
        self._errors: list[int] = []

    @property
    def creator(self) -> Any:
        """What Twisted's TLS begins with."""
        return self

    def clientConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:  # noqa: N803 - the interface has it
        connection = SSL.Connection(self._context, None)
        if self._hop.tls.mode == "verified":
            connection.set_verify(SSL.VERIFY_PEER, self._note_error)
        host = self._hop.host
        if host and not is_address(host):
            with suppress(ValueError):  # what is no name of a host, nobody can be asked for
                name = canonical_domain(host)
                connection.set_tlsext_host_name(name.encode("ascii"))  # RFC 7672 8.1, RFC 8461 4.1
        connection.set_connect_state()
        return connection

    def judge(self, connection: SSL.Connection) -> bool:
        """True when the peer has proved who it is, False when nobody asked; raises TlsFailed."""
        policy = self._hop.tls
        try:
            if policy.mode == "verified":
                self._check_names(connection)
                return True
            records = dane.usable(policy.tlsa) if policy.mode == "dane" else []
            if records:
                # RFC 7672 3.2.2: the host that the records are of, and the domain that mail is for
                names = [name for name in (self._hop.host, *policy.names, policy.domain) if name]
                dane.check(connection.get_peer_cert_chain() or [], records, names)
                return True
        except (ValueError, IndexError, x509.InvalidVersion) as error:
            raise TlsFailed("validation-failure", f"the certificate cannot be read: {error}") from None
        return False

    def _note_error(self, _: SSL.Connection, __: crypto.X509, number: int, ___: int, passed: int) -> bool:
        """Let the handshake go on, so that the session can end, or go on where a policy is only tested."""
        if not passed:
            self._errors.append(number)
        return True

    def _check_names(self, connection: SSL.Connection) -> None:
        if self._errors:
            raise failure_of(self._errors[0])
        certificate = connection.get_peer_certificate()
        if certificate is None:
            raise TlsFailed("validation-failure", "the server shows no certificate")
        names = self._hop.tls.names or (self._hop.host,)
        if not any(is_for(certificate.to_cryptography(), name) for name in names):
            raise TlsFailed("certificate-host-mismatch", f"the certificate is not for {' or '.join(names)}")
