"""Annotations of mailboxes and of an account as a whole; RFC 5464.

Entries that begin with /private are each reader's own, those with /shared belong to the mailbox's account. Either way
they are kept, and counted, with the account that they belong to: its holder.
"""

from __future__ import annotations

import hashlib

import msgspec

from posthouse.core.mail.errors import NoSuchMailbox, TooManyAnnotations
from posthouse.core.mail.mailboxes import find
from posthouse.storage.changes import Revision
from posthouse.storage.collections import read_collection
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import ANNOTATION
from posthouse.storage.topics import account_topic

PRIVATE, SHARED = "/private", "/shared"
WHOLE = 0  # the collection number of what is said of no mailbox

Entry = tuple[str, bytes | None]


class AnnotationLimits(msgspec.Struct, array_like=True, frozen=True):
    """How many entries one holder may keep of one mailbox, and how many octets of all."""

    entries: int
    octets: int


@query
def read_annotations(
    txn: ReadTransaction, reader: int, account: int, mailbox: str | int | None, entries: list[str], depth: int | None
) -> list[Entry]:
    """The values of entries of a mailbox, or of the account for None; None for one that is not there.

    A mailbox is named, or meant by its number: to look for a name takes longer, the more mailboxes there are.

    With `depth` 1 also what is one level below them, with None all that is below. Raises NoSuchMailbox.
    """
    number = _number(txn, account, mailbox)
    found: dict[str, bytes | None] = {}
    for entry in entries:
        holder = _holder(reader, account, entry)
        found.setdefault(entry, txn.get(ANNOTATION.key(holder, account, number, entry)))
        if depth != 0:
            found.update(_below(txn, holder, account, number, entry, depth))
    return list(found.items())


@query
def annotation_digests(txn: ReadTransaction, reader: int, account: int) -> list[tuple[int, str, bytes]]:
    """(collection or WHOLE, entry, digest of its value) of what an account notes, or a reader of its mailboxes."""
    found = []
    for holder in {account, reader}:
        for key, value in txn.scan(*ANNOTATION.range(holder, account)):
            _, _, number, entry = ANNOTATION.parse(key)
            if _holder(reader, account, entry) == holder:
                found.append((number, entry, digest_of(value)))
    return found


def digest_of(value: bytes) -> bytes:
    """What tells one value from another."""
    return hashlib.blake2b(value, digest_size=8).digest()


@operation
def annotate(
    txn: WriteTransaction,
    writer: int,
    account: int,
    mailbox: str | None,
    changes: list[Entry],
    limits: AnnotationLimits,
) -> None:
    """Set entries, all or none; None removes one. Raises NoSuchMailbox, TooManyAnnotations."""
    number = _number(txn, account, mailbox)
    if number == WHOLE:
        txn.announce(account_topic(account))
    else:
        with Revision(txn, account) as revision:
            revision.touch(number)  # RFC 7162 3.2: it is a change of the mailbox
    grown = set()
    for entry, value in changes:
        holder = _holder(writer, account, entry)
        key = ANNOTATION.key(holder, account, number, entry)
        if value is None:
            txn.delete(key)
        else:
            txn.put(key, value)
            grown.add(holder)
    for holder in grown:
        _check(txn, holder, account, number, limits)


def _check(txn: ReadTransaction, holder: int, account: int, number: int, limits: AnnotationLimits) -> None:
    if sum(1 for _ in txn.scan(*ANNOTATION.range(holder, account, number))) > limits.entries:
        raise TooManyAnnotations("entries", limits.entries)
    if sum(len(key) + len(value) for key, value in txn.scan(*ANNOTATION.range(holder))) > limits.octets:
        raise TooManyAnnotations("octets", limits.octets)


def _below(
    txn: ReadTransaction, holder: int, account: int, number: int, above: str, depth: int | None
) -> dict[str, bytes | None]:
    prefix = above + "/"
    found: dict[str, bytes | None] = {}
    for key, value in txn.scan(*ANNOTATION.range(holder, account, number)):
        entry = ANNOTATION.parse(key)[3]
        if entry.startswith(prefix) and (depth is None or entry.count("/", len(prefix)) < depth):
            found[entry] = value
    return found


def _holder(reader: int, account: int, entry: str) -> int:
    return account if entry.partition("/")[2].partition("/")[0] == SHARED[1:] else reader


def _number(txn: ReadTransaction, account: int, mailbox: str | int | None) -> int:
    if isinstance(mailbox, int):
        if read_collection(txn, account, mailbox) is None:
            raise NoSuchMailbox(str(mailbox))
        return mailbox
    return WHOLE if mailbox is None else find(txn, account, mailbox)[0]
