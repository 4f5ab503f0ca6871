"""An account's credentials: the password's argon2id hash, SCRAM-SHA-256 keys (RFC 5802), app passwords."""

from __future__ import annotations

import hmac

import msgspec

from posthouse.storage.contract import ReadTransaction, Refused, WriteTransaction, operation, query
from posthouse.storage.spaces import CREDENTIALS
from posthouse.storage.topics import login_topic


class ScramKeys(msgspec.Struct, array_like=True, frozen=True):
    """What a SCRAM server keeps in the password's place; RFC 5802 3."""

    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes


class PasswordKeys(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of a password. `argon2` is None from an import until the password is first given as it is."""

    argon2: str | None
    scram: ScramKeys


class AppPassword(msgspec.Struct, array_like=True, frozen=True):
    """A password made by us for one program. Random enough that one SHA-256 hides it."""

    name: str
    digest: bytes
    created: int


class Credentials(msgspec.Struct, array_like=True, tag=1):
    """All that lets one in.

    `version` grows with each change, so that what was remembered of it is void; `epoch` with those by which something
    that let one in does so no more.
    """

    version: int = 0
    password: PasswordKeys | None = None
    app_passwords: list[AppPassword] = []
    epoch: int = 0


class NoSuchAppPassword(Refused):
    """args: the name."""


class AppPasswordExists(Refused):
    """args: the name."""


class TooManyAppPasswords(Refused):
    """args: the limit."""


_ENCODER = msgspec.msgpack.Encoder()
_CREDENTIALS = msgspec.msgpack.Decoder(Credentials)


@query
def read_credentials(txn: ReadTransaction, account: int) -> Credentials:
    """The account's credentials; empty ones when it has none."""
    value = txn.get(CREDENTIALS.key(account))
    return Credentials(app_passwords=[]) if value is None else _CREDENTIALS.decode(value)


@operation
def set_password(txn: WriteTransaction, account: int, keys: PasswordKeys) -> None:
    """Set the password to the one that `keys` were derived from."""
    held = read_credentials(txn, account)
    held.password = keys
    _end_logins(txn, account, held)
    _write(txn, account, held)


@operation
def add_argon2(txn: WriteTransaction, account: int, version: int, hashed: str) -> None:
    """Add the hash of a password that fits the credentials of `version`; does nothing when they are others by now.

    All that let one in still does, and nothing else: what was remembered is not void, and no session ends.
    """
    held = read_credentials(txn, account)
    if held.version != version or held.password is None or held.password.argon2 is not None:
        return
    held.password = msgspec.structs.replace(held.password, argon2=hashed)
    txn.put(CREDENTIALS.key(account), _ENCODER.encode(held))


@operation
def add_app_password(txn: WriteTransaction, account: int, name: str, digest: bytes, limit: int, now: int) -> None:
    """Add one; raises AppPasswordExists, TooManyAppPasswords."""
    held = read_credentials(txn, account)
    if any(known.name == name for known in held.app_passwords):
        raise AppPasswordExists(name)
    if len(held.app_passwords) >= limit:
        raise TooManyAppPasswords(limit)
    held.app_passwords.append(AppPassword(name, digest, now))
    _write(txn, account, held)


@operation
def revoke_app_password(txn: WriteTransaction, account: int, name: str) -> None:
    """Take one away; raises NoSuchAppPassword."""
    held = read_credentials(txn, account)
    left = [known for known in held.app_passwords if known.name != name]
    if len(left) == len(held.app_passwords):
        raise NoSuchAppPassword(name)
    held.app_passwords = left
    _end_logins(txn, account, held)
    _write(txn, account, held)


def is_app_password(credentials: Credentials, digest: bytes) -> bool:
    """True when `digest` is that of one of the app passwords; looks at all of them, in constant time each."""
    found = False
    for known in credentials.app_passwords:
        found |= hmac.compare_digest(known.digest, digest)
    return found


def _end_logins(txn: WriteTransaction, account: int, credentials: Credentials) -> None:
    credentials.epoch += 1
    txn.announce(login_topic(account))


def _write(txn: WriteTransaction, account: int, credentials: Credentials) -> None:
    credentials.version += 1
    txn.put(CREDENTIALS.key(account), _ENCODER.encode(credentials))
