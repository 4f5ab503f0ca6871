"""Keys that sign, and the DNS records of their public halves; RFC 6376 3.6.1, RFC 8463 4."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import Literal

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from msgspec import Struct

Algorithm = Literal["rsa-sha256", "ed25519-sha256"]
ALGORITHMS: tuple[Algorithm, ...] = ("rsa-sha256", "ed25519-sha256")

_RSA_BITS = 2048  # more does not fit every DNS answer; RFC 8301 3.2
_STRING_OCTETS = 255  # RFC 1035 3.3: one string of a TXT record


class SigningKey(Struct, frozen=True):
    """A private key, ready to sign."""

    algorithm: Algorithm
    private: RSAPrivateKey | Ed25519PrivateKey

    def sign(self, octets: bytes) -> bytes:
        """The signature of what a DKIM signature covers."""
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(octets, padding.PKCS1v15(), hashes.SHA256())
        return self.private.sign(hashlib.sha256(octets).digest())  # RFC 8463 3: the hash is what is signed

    def record(self) -> str:
        """What is published of it as a TXT record."""
        public = self.private.public_key()
        if isinstance(self.private, RSAPrivateKey):
            octets = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
            return f"v=DKIM1; k=rsa; p={base64.b64encode(octets).decode()}"
        octets = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={base64.b64encode(octets).decode()}"

    def octets(self) -> bytes:
        """The private key as it is stored: PKCS #8, DER."""
        return self.private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def generate(algorithm: Algorithm) -> SigningKey:
    """A new key. An RSA one takes some 100 ms."""
    if algorithm == "rsa-sha256":
        return SigningKey(algorithm, generate_private_key(65537, _RSA_BITS))
    return SigningKey(algorithm, Ed25519PrivateKey.generate())


@lru_cache(maxsize=1000)
def load(octets: bytes) -> SigningKey:
    """The key that `SigningKey.octets` wrote; raises ValueError."""
    # its primes are not tested again: that takes longer than many signatures, and we made it
    private = serialization.load_der_private_key(octets, None, unsafe_skip_rsa_key_validation=True)
    if isinstance(private, RSAPrivateKey):
        return SigningKey("rsa-sha256", private)
    if isinstance(private, Ed25519PrivateKey):
        return SigningKey("ed25519-sha256", private)
    raise ValueError("no key for DKIM")


def public_part(record: str) -> str | None:
    """The key in a published record, whatever blanks and tags stand around it; None for a record of something else."""
    tags = dict(tag.partition("=")[::2] for tag in "".join(record.split()).split(";"))
    return tags.get("p") if tags.get("v", "DKIM1") == "DKIM1" else None


def txt_strings(record: str) -> str:
    """A TXT record as a zone file has it: strings of at most 255 octets, each in quotes."""
    pieces = [record[at : at + _STRING_OCTETS] for at in range(0, len(record), _STRING_OCTETS)]
    return " ".join(f'"{piece}"' for piece in pieces)
