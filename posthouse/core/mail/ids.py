"""Message ids as threads compare them: eight octets for each, since a chain of references is long."""

from __future__ import annotations

import hashlib

KEY_OCTETS = 8


def message_key(message_id: bytes) -> bytes:
    """The key of `<left@right>`. Two ids that share one only look alike to threads; nobody can choose that."""
    return hashlib.blake2b(message_id, digest_size=KEY_OCTETS).digest()


def header_key(message_id: str) -> bytes:
    """Of the Message-ID in a header record; empty when that is no id."""
    return message_key(message_id.encode()) if message_id.startswith("<") else b""


def keys_of(references: bytes) -> list[bytes]:
    """The keys in a header record's `references`, the oldest first."""
    return [references[at : at + KEY_OCTETS] for at in range(0, len(references), KEY_OCTETS)]
