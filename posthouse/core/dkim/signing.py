"""Signing a message on its way out: by whose keys, and the fields."""

from __future__ import annotations

from posthouse.core.accounts.lookup import may_send_as
from posthouse.core.dkim.keys import signing_keys
from posthouse.core.dkim.records import DkimKey
from posthouse.formats.address import parse_address
from posthouse.formats.dkim.keys import load
from posthouse.formats.dkim.signature import sign
from posthouse.storage.contract import ReadTransaction, query

MOST_AUTHORS = 20  # that are looked at; one is usual


@query
def keys_of_author(txn: ReadTransaction, account: int, authors: list[str], otherwise: str, now: int) -> list[DkimKey]:
    """The keys that sign a message of an account's: those of an author's domain, if it may write as that author.

    Who checks a signature wants it of the domain in From (DMARC). Where none of `authors`, the addresses
    there, has keys or may be used, the domain `otherwise` signs.
    """
    for author in authors[:MOST_AUTHORS]:
        if may_send_as(txn, account, author) and (keys := signing_keys(txn, parse_address(author).domain, now)):
            return keys
    return signing_keys(txn, otherwise, now)


def signatures(header: bytes, body_hash: bytes, keys: list[DkimKey], now: int) -> bytes:
    """The DKIM-Signature fields to put on top of a message, one a key; `header` is its header block, `now` in ms.

    `body_hash` is BodyHash.digest() of the rest.
    """
    return b"".join(sign(header, body_hash, load(key.private), key.domain, key.selector, now) for key in keys)
