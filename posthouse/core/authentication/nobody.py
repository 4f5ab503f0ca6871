"""What a name that is nobody's is answered: the same from every worker and at every start, as if it were somebody's."""

from __future__ import annotations

import hmac
import secrets

from posthouse.core.accounts.lookup import login_place
from posthouse.core.authentication.credentials import ScramKeys
from posthouse.core.authentication.passwords import SALT_OCTETS
from posthouse.storage.contract import ReadTransaction, Store, WriteTransaction, operation, query
from posthouse.storage.spaces import META

_SECRET = META.key("secret of nobody's salts")


def unfitting_keys(salt: bytes, iterations: int) -> ScramKeys:
    """Keys that no password and no proof fits."""
    return ScramKeys(salt, iterations, secrets.token_bytes(32), secrets.token_bytes(32))


async def salt_of_nobody(store: Store, name: str) -> bytes:
    """The salt for a login name that is nobody's, however it is written; raises StoreUnavailable."""
    secret = await store.read(_read_secret)
    if secret is None:
        secret = await store.write(_keep_secret, secrets.token_bytes(32))
    place = await store.read(login_place, name)
    return hmac.digest(secret, place.encode(), "sha256")[:SALT_OCTETS]


@query
def _read_secret(txn: ReadTransaction) -> bytes | None:
    return txn.get(_SECRET)


@operation
def _keep_secret(txn: WriteTransaction, offered: bytes) -> bytes:
    held = txn.get(_SECRET)
    if held is None:
        txn.put(_SECRET, offered)
    return held or offered
