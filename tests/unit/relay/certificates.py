"""Certificates made for a test: an authority, and what it signs."""

from __future__ import annotations

import datetime
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from posthouse.core.queue.contracts import TlsaRecord
from posthouse.server.certificate import KeyPair

DAY = datetime.timedelta(days=1)


class Authority:
    """One certificate authority; `signer` is who signed it, itself without one."""

    def __init__(self, name: str, signer: Authority | None = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.signer = signer
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = (
            _build(subject, self.key, signer or self, subject, -DAY, 365 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign((signer or self).key, hashes.SHA256())
        )

    @property
    def subject(self) -> x509.Name:
        return self.certificate.subject

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def sign(self, *names: str, common_name: str = "", begins: int = -1, ends: int = 30) -> KeyPair:
        """A server's certificate for these names with its chain; `begins` and `ends` in days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name or "server")])
        builder = _build(subject, key, self, self.subject, begins * DAY, ends * DAY)
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
            )
        chain = builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)
        issuer: Authority | None = self
        while issuer is not None:
            chain += issuer.pem
            issuer = issuer.signer
        private = key.private_bytes(Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return KeyPair(chain, private)


def tlsa(certificate: x509.Certificate | KeyPair, usage: int, selector: int = 1, matching: int = 1) -> TlsaRecord:
    """The record of a certificate."""
    if isinstance(certificate, KeyPair):
        certificate = x509.load_pem_x509_certificates(certificate.certificate)[0]
    octets = certificate.public_bytes(Encoding.DER)
    if selector:
        octets = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if matching:
        octets = {1: hashlib.sha256, 2: hashlib.sha512}[matching](octets).digest()
    return TlsaRecord(usage, selector, matching, octets)


def _build(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: Authority,
    issuer: x509.Name,
    begins: datetime.timedelta,
    ends: datetime.timedelta,
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer if signer.key is key else signer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
    )
