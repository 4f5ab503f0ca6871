"""Whether a certificate is one for a name; RFC 6125 6.4, RFC 8461 4.1."""

from __future__ import annotations

import ipaddress
import warnings

from cryptography import x509
from cryptography.x509.oid import NameOID
from service_identity import CertificateError, VerificationError
from service_identity.cryptography import verify_certificate_hostname, verify_certificate_ip_address


def is_for(certificate: x509.Certificate, name: str) -> bool:
    """True when the certificate's alternative names hold this host name (a `*` for its first label) or IP address."""
    verify = verify_certificate_ip_address if is_address(name) else verify_certificate_hostname
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about certificates without alternative names, which fit nothing
            verify(certificate, name)
    except (VerificationError, CertificateError, ValueError):
        return False
    return True


def has_common_name(certificate: x509.Certificate, name: str) -> bool:
    """True for a certificate of old, whose subject alone names its host; RFC 7672 3.2.3 still lets it pass."""
    try:
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return any(
            str(attribute.value).lower() == name.lower()
            for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        )
    return False


def is_address(name: str) -> bool:
    """True for an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
