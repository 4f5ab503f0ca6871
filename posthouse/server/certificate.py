"""The certificate: read and checked, made into TLS contexts, or self-signed for a new server."""

from __future__ import annotations

import datetime
import ipaddress
import os
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from zope.interface import implementer

from posthouse.server.settings import TlsSettings

SELF_SIGNED_DAYS = 3_650
_BACKDATED = datetime.timedelta(days=1)  # clients whose clock is behind


class BadCertificate(Exception):
    """Certificate and key cannot be used."""


class KeyPair(Struct, frozen=True):
    """A certificate with its chain, and its key, as PEM."""

    certificate: bytes
    key: bytes


def read_key_pair(certificate: Path, key: Path) -> KeyPair:
    """Read both and see that they fit; raises BadCertificate."""
    try:
        pair = KeyPair(certificate.read_bytes(), key.read_bytes())
    except OSError as error:
        raise BadCertificate(f"{error.filename}: {error.strerror}") from None
    try:
        tls_context(pair, TlsSettings())
    except (SSL.Error, ValueError, TypeError) as error:
        raise BadCertificate(f"{certificate} and {key} do not fit together: {error}") from None
    return pair


def tls_context(pair: KeyPair, settings: TlsSettings) -> SSL.Context:
    """A server's context: the versions that settings allow, forward secrecy, session tickets."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION if settings.minimum_version == "1.3" else SSL.TLS1_2_VERSION)
    context.set_cipher_list(b"ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!eNULL")  # TLS 1.2; those of 1.3 are all good
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_CIPHER_SERVER_PREFERENCE | SSL.OP_NO_RENEGOTIATION)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # an idle session keeps no buffers: 34 KB less each
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)  # resumption is by ticket: no memory here
    context.set_session_id(b"posthouse")
    chain = x509.load_pem_x509_certificates(pair.certificate)
    context.use_certificate(chain[0])
    for issuer in chain[1:]:
        context.add_extra_chain_cert(issuer)
    context.use_privatekey(cast(Any, serialization.load_pem_private_key(pair.key, None)))
    context.check_privatekey()
    return context


@implementer(IOpenSSLServerConnectionCreator)
class TlsContextFactory:
    """What Twisted's TLS begins a connection with; one context for all, so that tickets are good for each."""

    def __init__(self, pair: KeyPair, settings: TlsSettings) -> None:
        self._context = tls_context(pair, settings)

    def serverConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:  # noqa: N803 - the interface has it
        return SSL.Connection(self._context, None)


def make_self_signed(names: list[str], addresses: list[str]) -> KeyPair:
    """A certificate for these host names and IP addresses, until the administrator has a better one."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    now = datetime.datetime.now(datetime.UTC)
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    alternatives += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + datetime.timedelta(days=SELF_SIGNED_DAYS))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return KeyPair(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def write_key_pair(pair: KeyPair, certificate: Path, key: Path) -> None:
    """Write both; only the owner may read the key. Raises FileExistsError rather than overwrite."""
    for path, content, mode in ((key, pair.key, 0o600), (certificate, pair.certificate, 0o644)):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with open(file, "wb") as out:
            out.write(content)
