"""OpenSSL's reasons as RFC 8460 4.3 names them, and in words."""

from __future__ import annotations

from typing import Any

from posthouse.protocols.smtp.relay.channel import TlsFailed

# X509_V_ERR_...; those that are not here are validation failures
_EXPIRED = {9: "is not valid yet", 10: "has expired"}
_UNTRUSTED = {
    2: "has an issuer that is not known",
    18: "is self-signed",
    19: "has a self-signed issuer that is not trusted",
    20: "has an issuer that is not known",
    21: "has an issuer that is not known",
    24: "has an issuer that is no authority",
    27: "has an issuer that is not trusted",
    28: "is rejected",
}


def failure_of(number: int) -> TlsFailed:
    """What a chain that cannot be verified tells; by X509_V_ERR's number."""
    if number in _EXPIRED:
        return TlsFailed("certificate-expired", f"the certificate {_EXPIRED[number]}")
    if number in _UNTRUSTED:
        return TlsFailed("certificate-not-trusted", f"the certificate {_UNTRUSTED[number]}")
    return TlsFailed("validation-failure", f"the certificate cannot be verified (OpenSSL's reason {number})")


def handshake_failure(error: Any) -> TlsFailed:
    """What an SSL.Error of the handshake tells."""
    queue = error.args[0] if error.args else None
    reason = queue[-1][-1] if isinstance(queue, list) and queue else "the connection broke"
    return TlsFailed("validation-failure", f"TLS failed: {reason}")
