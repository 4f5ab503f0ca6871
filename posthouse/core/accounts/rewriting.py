"""The envelope sender of mail that we pass on, and the way back from it (formats/srs)."""

from __future__ import annotations

import time

from posthouse.core.accounts.records import read_domain
from posthouse.formats.address import Address, parse_address
from posthouse.formats.srs import rewrite, turn_back
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import META

SECRET_OCTETS = 32
_SECRET = META.key("srs secret")


@query
def has_srs_secret(txn: ReadTransaction) -> bool:
    """True when senders can be rewritten."""
    return txn.get(_SECRET) is not None


@operation
def ensure_srs_secret(txn: WriteTransaction, secret: bytes) -> None:
    """Keep `secret`, SECRET_OCTETS random ones, where there is none yet."""
    if txn.get(_SECRET) is None:
        txn.put(_SECRET, secret)


def onward_sender(txn: ReadTransaction, sender: str, domain: str) -> str:
    """What to pass mail from `sender` on with, in the name of our `domain`: our own people and "" stay.

    So does a sender that cannot be rewritten; the mail may then fail SPF, which is better than to lose it here.
    """
    secret = txn.get(_SECRET)
    try:
        address = parse_address(sender)
        if secret is None or read_domain(txn, address.domain) is not None:
            return sender
        return str(rewrite(address, domain, secret, _today()))
    except ValueError:
        return sender


def original_sender(txn: ReadTransaction, local: str) -> Address | None:
    """Whom a bounce to an address that we made is for; None when we did not, or too long ago."""
    secret = txn.get(_SECRET)
    if secret is None:
        return None
    try:
        return parse_address(str(turn_back(local, secret, _today())))
    except ValueError:
        return None


def _today() -> int:
    """The day since the epoch. The clock is read here: only queries come here, nothing of it is stored."""
    return int(time.time() // 86_400)
