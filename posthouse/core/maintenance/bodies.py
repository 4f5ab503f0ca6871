"""Letters read again: whether their octets are what was stored, and what is kept of them is what a scan gives."""

from __future__ import annotations

import hashlib

import msgspec

from posthouse.core.mail.digests.blocks import forget_digests
from posthouse.core.mail.letters import built
from posthouse.core.mail.records import ENCODER, decode_message, record_of
from posthouse.core.maintenance.records import UNREADABLE
from posthouse.formats.mime.scanner import Scanner
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.blobs.contract import BlobDamaged, Blobs
from posthouse.storage.blobs.records import Blob, BlobPlace
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import MESSAGE


async def read_again(blobs: Blobs, place: BlobPlace, limits: MimeLimits) -> bytes:
    """Read a letter as if it came now: its record, in no thread.

    Raises BlobDamaged when its octets are not what was stored.
    """
    digest = hashlib.sha256()
    scanner = Scanner(limits)
    async for chunk in blobs.chunks(place):
        digest.update(chunk)
        scanner.feed(chunk)
    if digest.digest() != place.hash:
        raise BlobDamaged(place.hash.hex(), "its octets are not what was stored")
    letter = built(scanner.close(), Blob(place.hash, place.size, None, place.location))
    return ENCODER.encode(record_of(letter))


async def is_sound(blobs: Blobs, place: BlobPlace) -> bool:
    """True when a blob's octets are there and what its hash says."""
    digest = hashlib.sha256()
    try:
        async for chunk in blobs.chunks(place):
            digest.update(chunk)
    except BlobDamaged:
        return False
    return digest.digest() == place.hash


@query
def stored_records(txn: ReadTransaction, account: int, messages: list[int]) -> list[bytes | None]:
    """What is stored of messages, but for their threads; None for one that is gone."""
    records = txn.get_many(MESSAGE.keys(account, last=messages))
    return [None if record is None else _in_thread(record, 0) for record in records]


def _in_thread(record: bytes, thread: int) -> bytes:
    """A MESSAGE record with that thread, which its octets do not give; one that cannot be read as it is."""
    try:
        return ENCODER.encode(msgspec.structs.replace(decode_message(record), thread=thread))
    except UNREADABLE:
        return record


@operation
def replace_records(txn: WriteTransaction, account: int, records: dict[int, bytes]) -> int:
    """Store them anew, where the message still shows the same octets; how many were otherwise."""
    replaced = 0
    for message, new in records.items():
        held = stored_records(txn, account, [message])[0]
        if held is None or held == new or decode_message(held).hash != decode_message(new).hash:
            continue
        thread = decode_message(txn.get(MESSAGE.key(account, message)) or b"").thread
        txn.put(MESSAGE.key(account, message), _in_thread(new, thread))
        replaced += 1
    if replaced:
        forget_digests(txn, account)  # they were made of what was there before
    return replaced
