"""What is kept of a search folder: what it looks for and where, how far it has come, and which messages are in it.

A message that fits is an item of the folder's own collection, as in any mailbox, with flags and times like those of the
message that it shows; `SEARCH_MEMBER` and `SEARCH_SOURCE` lead from one to the other.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from posthouse.core.mail.criteria.keys import SearchKey
from posthouse.storage.contract import ReadTransaction, WriteTransaction
from posthouse.storage.keys import Space
from posthouse.storage.ranges import Range
from posthouse.storage.spaces import SEARCH_DUE, SEARCH_FOLDER, SEARCH_MEMBER, SEARCH_SOURCE, SEARCH_STANDING

SEARCH_KIND = "search"  # of a collection


class Place(msgspec.Struct, array_like=True, frozen=True):
    """A mailbox that is looked at, and those under it if `below`."""

    mailbox: int
    below: bool


class Definition(msgspec.Struct, tag=1, frozen=True):
    """What a folder looks for. Without `places`: everywhere but in trash and spam and what stands under them.

    `main` is the mailbox for what is put into the folder, 0 for none.
    """

    criteria: SearchKey
    places: tuple[Place, ...] = ()
    main: int = 0


class Standing(msgspec.Struct, array_like=True, tag=1):
    """How far a folder has come; `turn` counts what was written of it.

    It knows what happened up to modseq `synced`, 0 before it has looked at anything, to the mailboxes `covered`. Those
    `ahead` are yet to be looked at from a UID on. What it shows of those `leaving` has to go.
    """

    turn: int = 0
    synced: int = 0
    covered: list[int] = []
    ahead: list[tuple[int, int]] = []
    leaving: list[int] = []


ENCODER = msgspec.msgpack.Encoder()
_DEFINITION = msgspec.msgpack.Decoder(Definition)
_STANDING = msgspec.msgpack.Decoder(Standing)


def read_definition(txn: ReadTransaction, account: int, folder: int) -> Definition | None:
    """What a folder looks for; None when it is no search folder."""
    value = txn.get(SEARCH_FOLDER.key(account, folder))
    return None if value is None else _DEFINITION.decode(value)


def write_definition(txn: WriteTransaction, account: int, folder: int, definition: Definition) -> None:
    """Keep it."""
    txn.put(SEARCH_FOLDER.key(account, folder), ENCODER.encode(definition))


def read_standing(txn: ReadTransaction, account: int, folder: int) -> Standing | None:
    """How far a folder has come; None when it is no search folder."""
    value = txn.get(SEARCH_STANDING.key(account, folder))
    if value is not None:
        return _STANDING.decode(value)
    return None if txn.get(SEARCH_FOLDER.key(account, folder)) is None else Standing()


def write_standing(txn: WriteTransaction, account: int, folder: int, standing: Standing) -> None:
    """Keep it."""
    txn.put(SEARCH_STANDING.key(account, folder), ENCODER.encode(standing))


def add_member(txn: WriteTransaction, account: int, folder: int, uid: int, mailbox: int, there: int) -> None:
    """The item `uid` of the folder shows the message `there` of a mailbox."""
    txn.put(SEARCH_MEMBER.key(account, folder, mailbox, there), uid.to_bytes(4, "big"))
    txn.put(SEARCH_SOURCE.key(account, folder, uid), mailbox.to_bytes(4, "big") + there.to_bytes(4, "big"))


def remove_member(txn: WriteTransaction, account: int, folder: int, uid: int, mailbox: int, there: int) -> None:
    """It shows it no more."""
    txn.delete(SEARCH_MEMBER.key(account, folder, mailbox, there))
    txn.delete(SEARCH_SOURCE.key(account, folder, uid))


def scan_members(
    txn: ReadTransaction, account: int, folder: int, mailbox: int, ranges: list[Range]
) -> Iterator[tuple[int, int]]:
    """(UID in the mailbox, UID in the folder) of what the folder shows of ranges of a mailbox."""
    for first, last in ranges:
        start = SEARCH_MEMBER.key(account, folder, mailbox, first)
        end = SEARCH_MEMBER.key(account, folder, mailbox, last) + b"\x00"
        for key, value in txn.scan(start, end):
            yield int.from_bytes(key[-4:], "big"), int.from_bytes(value, "big")


def decode_source(value: bytes) -> tuple[int, int]:
    """(mailbox, UID there) of a SEARCH_SOURCE record."""
    return int.from_bytes(value[:4], "big"), int.from_bytes(value[4:], "big")


SPACES: tuple[Space, ...] = (SEARCH_FOLDER, SEARCH_STANDING, SEARCH_MEMBER, SEARCH_SOURCE, SEARCH_DUE)


def forget_definition(txn: WriteTransaction, account: int, folder: int) -> None:
    """Forget what it looks for and how far it has come."""
    txn.delete(SEARCH_FOLDER.key(account, folder))
    txn.delete(SEARCH_STANDING.key(account, folder))
