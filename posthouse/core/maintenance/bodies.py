"""Letters read again: whether their octets are what was stored, and what is kept of them is what a scan gives."""

from __future__ import annotations

import hashlib

import msgspec

from posthouse.core.mail.digests.blocks import forget_digests
from posthouse.core.mail.letters import built
from posthouse.core.mail.records import ENCODER, Letter, MessageRecord, StructureRecord, decode_message
from posthouse.core.maintenance.records import UNREADABLE
from posthouse.formats.mime.scanner import Scanner
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.blobs.contract import BlobDamaged, Blobs
from posthouse.storage.blobs.records import Blob, BlobPlace
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import ENVELOPE, MESSAGE, STRUCTURE


class Built(msgspec.Struct, array_like=True, frozen=True):
    """The records of a message that are made from its octets, as they are stored."""

    message: bytes
    envelope: bytes
    structure: bytes


async def read_again(blobs: Blobs, place: BlobPlace, limits: MimeLimits) -> Built:
    """Read a letter as if it came now; raises BlobDamaged when its octets are not what was stored."""
    digest = hashlib.sha256()
    scanner = Scanner(limits)
    async for chunk in blobs.chunks(place):
        digest.update(chunk)
        scanner.feed(chunk)
    if digest.digest() != place.hash:
        raise BlobDamaged(place.hash.hex(), "its octets are not what was stored")
    return records_of(built(scanner.close(), Blob(place.hash, place.size, None, place.location)))


async def is_sound(blobs: Blobs, place: BlobPlace) -> bool:
    """True when a blob's octets are there and what its hash says."""
    digest = hashlib.sha256()
    try:
        async for chunk in blobs.chunks(place):
            digest.update(chunk)
    except BlobDamaged:
        return False
    return digest.digest() == place.hash


def records_of(letter: Letter) -> Built:
    """What is stored of a letter."""
    record = MessageRecord(
        letter.blob.hash, letter.size, letter.header, letter.preview, letter.has_attachment, links=letter.links
    )
    structure = StructureRecord(letter.bodystructure, letter.body, letter.parts)
    return Built(ENCODER.encode(record), letter.envelope, ENCODER.encode(structure))


@query
def stored_records(txn: ReadTransaction, account: int, messages: list[int]) -> list[Built | None]:
    """What is stored of messages, but for their threads; None for one that is gone. What is missing is empty."""
    found: list[Built | None] = []
    for message in messages:
        record = txn.get(MESSAGE.key(account, message))
        envelope, structure = txn.get(ENVELOPE.key(account, message)), txn.get(STRUCTURE.key(account, message))
        found.append(None if record is None else Built(_in_thread(record, 0), envelope or b"", structure or b""))
    return found


def _in_thread(record: bytes, thread: int) -> bytes:
    """A MESSAGE record with that thread, which its octets do not give; one that cannot be read as it is."""
    try:
        return ENCODER.encode(msgspec.structs.replace(decode_message(record), thread=thread))
    except UNREADABLE:
        return record


@operation
def replace_records(txn: WriteTransaction, account: int, records: dict[int, Built]) -> int:
    """Store them anew, where the message still shows the same octets; how many were otherwise."""
    replaced = 0
    for message, new in records.items():
        held = stored_records(txn, account, [message])[0]
        if held is None or held == new or decode_message(held.message).hash != decode_message(new.message).hash:
            continue
        thread = decode_message(txn.get(MESSAGE.key(account, message)) or b"").thread
        txn.put(MESSAGE.key(account, message), _in_thread(new.message, thread))
        txn.put(ENVELOPE.key(account, message), new.envelope)
        txn.put(STRUCTURE.key(account, message), new.structure)
        replaced += 1
    if replaced:
        forget_digests(txn, account)  # they were made of what was there before
    return replaced
