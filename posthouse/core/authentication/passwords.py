"""Deriving and checking: argon2id (RFC 9106), SCRAM-SHA-256 keys (RFC 5802 3, RFC 7677), app passwords.

Hashing is one long C call, so it runs in threads.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata

import argon2
import msgspec

from posthouse.core.authentication.credentials import PasswordKeys, ScramKeys
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.storage.contract import Refused

SALT_OCTETS = 16
APP_PASSWORD_ALPHABET = "abcdefghijkmnpqrstuvwxyz"  # noqa: S105 - no l and o, which look like digits
APP_PASSWORD_GROUPS = 4


class PasswordTooShort(Refused):
    """args: the fewest characters."""


class PasswordTooLong(Refused):
    """args: the most octets."""


def prepared(password: str) -> str:
    """The password as it is hashed: OpaqueString, RFC 8265 4.2 (NFC, every space is a space)."""
    spaced = "".join(" " if unicodedata.category(character) == "Zs" else character for character in password)
    return unicodedata.normalize("NFC", spaced)


def derive(password: str, settings: AuthenticationSettings) -> PasswordKeys:
    """What is kept of a new password; takes tens of milliseconds."""
    keys = derive_scram(password, settings)
    return msgspec.structs.replace(keys, argon2=hasher(settings).hash(prepared(password).encode()))


def derive_scram(password: str, settings: AuthenticationSettings) -> PasswordKeys:
    """What is kept of one of many new passwords until it is first given as it is; takes some milliseconds."""
    keys = scram_keys(prepared(password).encode(), secrets.token_bytes(SALT_OCTETS), settings.scram_iterations)
    return PasswordKeys(None, keys)


def check_policy(password: str, settings: AuthenticationSettings) -> None:
    """Raises PasswordTooShort or PasswordTooLong."""
    if len(password) < settings.password_minimum_characters:
        raise PasswordTooShort(settings.password_minimum_characters)
    if len(password.encode()) > settings.password_octets:
        raise PasswordTooLong(settings.password_octets)


def hasher(settings: AuthenticationSettings) -> argon2.PasswordHasher:
    """argon2id with the settings' costs."""
    return argon2.PasswordHasher(
        time_cost=settings.argon2_passes, memory_cost=settings.argon2_memory_kibibytes, parallelism=1
    )


def check(keys: PasswordKeys, password: str, settings: AuthenticationSettings) -> str | None:
    """The argon2id hash to keep of `password` when `keys` are its own, a new one where they have none; else None.

    Takes tens of milliseconds: one argon2id and one SCRAM derivation, whatever there is to compare with. So the time
    tells neither who has an account nor which of them were imported.
    """
    octets = prepared(password).encode()
    derived = scram_keys(octets, keys.scram.salt, keys.scram.iterations)
    if keys.argon2 is None:
        made = hasher(settings).hash(octets)
        return made if hmac.compare_digest(derived.stored_key, keys.scram.stored_key) else None
    try:
        argon2.PasswordHasher().verify(keys.argon2, octets)
    except argon2.exceptions.VerificationError:
        return None
    return keys.argon2


def scram_keys(password: bytes, salt: bytes, iterations: int) -> ScramKeys:
    """The keys of a prepared password; RFC 5802 3."""
    salted = hashlib.pbkdf2_hmac("sha256", password, salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return ScramKeys(
        salt, iterations, hashlib.sha256(client_key).digest(), hmac.digest(salted, b"Server Key", "sha256")
    )


def new_app_password() -> str:
    """Four groups of four letters: 72 bits, which no search of SHA-256 finds."""
    return "-".join(
        "".join(secrets.choice(APP_PASSWORD_ALPHABET) for _ in range(4)) for _ in range(APP_PASSWORD_GROUPS)
    )


def app_password_digest(password: str) -> bytes:
    """What is kept of an app password, however it was typed."""
    plain = password.replace("-", "").replace(" ", "").lower()
    return hashlib.sha256(b"posthouse app password\0" + plain.encode()).digest()
