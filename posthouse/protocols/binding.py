"""What binds a login to its TLS connection: tls-exporter (RFC 9266) and tls-server-end-point (RFC 5929 4)."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from OpenSSL.SSL import Connection

_LABEL = b"EXPORTER-Channel-Binding"
_OCTETS = 32  # RFC 9266 2
_WEAK = (hashes.MD5, hashes.SHA1)


def channel_binding(connection: Connection, kind: str) -> bytes | None:
    """The binding data of that type; None for a type that this connection does not have."""
    if kind == "tls-exporter":
        # of TLS 1.2 only with an extended master secret, which nobody tells us of (RFC 9266 4.2)
        if connection.get_protocol_version_name() != "TLSv1.3":
            return None
        return connection.export_keying_material(_LABEL, _OCTETS)
    if kind == "tls-server-end-point":
        return _certificate_hash(connection)
    return None


def _certificate_hash(connection: Connection) -> bytes | None:
    """The hash of our certificate, by its signature's function, or by SHA-256 where that is weaker."""
    held = connection.get_certificate()
    if held is None:
        return None
    certificate = held.to_cryptography()
    function = certificate.signature_hash_algorithm
    if function is None:
        return None  # Ed25519 has none, and the type is not defined then
    return certificate.fingerprint(hashes.SHA256() if isinstance(function, _WEAK) else function)
