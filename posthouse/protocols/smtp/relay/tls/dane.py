"""Certificates by TLSA records; RFC 6698 2.1, RFC 7671, RFC 7672 3.

Usages 2 (DANE-TA) and 3 (DANE-EE) count; those that name the public authorities are unusable here (RFC 7672 3.1.3).
"""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from OpenSSL import crypto

from posthouse.core.queue.contracts import TlsaRecord
from posthouse.protocols.smtp.relay.channel import TlsFailed
from posthouse.protocols.smtp.relay.tls.failures import failure_of
from posthouse.protocols.smtp.relay.tls.names import has_common_name, is_for

DANE_TA = 2
DANE_EE = 3
_DIGESTS = {1: hashlib.sha256, 2: hashlib.sha512}  # RFC 6698 2.1.3


def usable(records: tuple[TlsaRecord, ...]) -> list[TlsaRecord]:
    """The records that can be used; where there is none TLS is wanted, and not checked (RFC 7672 2.2)."""
    return [record for record in records if _is_usable(record)]


def check(chain: list[crypto.X509], records: list[TlsaRecord], names: list[str]) -> None:
    """Check a peer's chain, its own certificate first; raises TlsFailed, ValueError for what is no certificate.

    Of DANE-EE neither names nor dates count (RFC 7672 3.1.1); of DANE-TA the chain to it, dates and `names` do (3.1.2).
    """
    leaf = chain[0].to_cryptography()
    if any(fits(leaf, record) for record in records if record.usage == DANE_EE):
        return
    anchors = _anchors(chain[1:], [record for record in records if record.usage == DANE_TA])
    if not anchors:
        raise TlsFailed("tlsa-invalid", "the certificate fits no TLSA record")
    store = crypto.X509Store()
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)  # an anchor need not be self-signed
    for anchor in anchors:
        store.add_cert(anchor)
    try:
        crypto.X509StoreContext(store, chain[0], chain[1:]).verify_certificate()
    except crypto.X509StoreContextError as error:
        raise failure_of(error.errors[0]) from None
    if not any(is_for(leaf, name) or has_common_name(leaf, name) for name in names):
        raise TlsFailed("certificate-host-mismatch", f"the certificate is not for {names[0]}")


def fits(certificate: x509.Certificate, record: TlsaRecord) -> bool:
    """True when the record is of this certificate, or of its key."""
    if record.selector:
        octets = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        octets = certificate.public_bytes(Encoding.DER)
    digest = _DIGESTS.get(record.matching)
    return (octets if digest is None else digest(octets).digest()) == record.data


def _anchors(issuers: list[crypto.X509], records: list[TlsaRecord]) -> list[crypto.X509]:
    """The trust anchors: of those that came, and of records that are a whole certificate (RFC 7671 5.2.2)."""
    found = [issuer for issuer in issuers if any(fits(issuer.to_cryptography(), record) for record in records)]
    for record in records:
        if record.selector == 0 and record.matching == 0:
            found.append(crypto.X509.from_cryptography(x509.load_der_x509_certificate(record.data)))
    return found


def _is_usable(record: TlsaRecord) -> bool:
    if record.usage not in (DANE_TA, DANE_EE) or record.selector not in (0, 1):
        return False
    if record.matching == 0:
        return bool(record.data) and (record.usage == DANE_EE or record.selector == 1 or _is_certificate(record.data))
    digest = _DIGESTS.get(record.matching)
    return digest is not None and len(record.data) == digest().digest_size


def _is_certificate(octets: bytes) -> bool:
    try:
        x509.load_der_x509_certificate(octets)
    except ValueError:
        return False
    return True
