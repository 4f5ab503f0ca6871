"""What is kept of a message beside its bytes: immutable, built when it arrives, shared by all its places."""

from __future__ import annotations

import msgspec

from posthouse.storage.blobs.records import Blob
from posthouse.storage.spaces import ENVELOPE, MESSAGE, PLACES, STRUCTURE


class Header(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The decoded header fields that search and sort look at; addresses as display text.

    `references` are the ids of the messages that this one answers, the oldest first, as `core.mail.ids` keeps them.
    """

    sent: int
    message_id: str
    subject: str
    from_: str
    to: str
    cc: str
    references: bytes = b""


class Letter(msgspec.Struct, array_like=True, frozen=True):
    """A message that a worker has read, hashed, scanned and made durable: ready to be placed in mailboxes.

    `links` are what it has in common with others of its thread (core.mail.threads); `tls_optional`: it may go on
    whatever is wrong with TLS (TLS-Required: No; RFC 8689 3).
    """

    blob: Blob
    header: Header
    preview: str
    has_attachment: bool
    envelope: bytes
    bodystructure: bytes
    body: bytes
    parts: bytes
    ascii_header: bool = True
    links: bytes = b""
    tls_optional: bool = False

    @property
    def size(self) -> int:
        """Octets of the whole message."""
        return self.blob.size


class MessageRecord(msgspec.Struct, array_like=True, tag=1):
    """The cold part of a message. `thread` is 0 in records from before there were threads."""

    hash: bytes
    size: int
    header: Header
    preview: str
    has_attachment: bool
    thread: int = 0
    links: bytes = b""


class _Hash(msgspec.Struct, array_like=True, tag=1, gc=False):
    """How a MessageRecord begins."""

    hash: bytes


class StructureRecord(msgspec.Struct, array_like=True, tag=1, frozen=True):
    """Prebuilt IMAP BODYSTRUCTURE and BODY, and the part tree with its offsets."""

    bodystructure: bytes
    body: bytes
    parts: bytes


class ExpungedRecord(msgspec.Struct, array_like=True, tag=1, frozen=True):
    """Messages that were taken out of a mailbox together; `items` as they stood there, `keywords` names their bits."""

    collection: int
    name: str
    keywords: list[str]
    items: list[bytes]


ENCODER = msgspec.msgpack.Encoder()
_MESSAGE = msgspec.msgpack.Decoder(MessageRecord)
_HASH = msgspec.msgpack.Decoder(_Hash)
_STRUCTURE = msgspec.msgpack.Decoder(StructureRecord)
_EXPUNGED = msgspec.msgpack.Decoder(ExpungedRecord)


def decode_message(value: bytes) -> MessageRecord:
    """A MESSAGE record."""
    return _MESSAGE.decode(value)


def decode_hash(value: bytes) -> bytes:
    """The hash alone of a MESSAGE record."""
    return _HASH.decode(value).hash


def decode_structure(value: bytes) -> StructureRecord:
    """A STRUCTURE record."""
    return _STRUCTURE.decode(value)


def decode_expunged(value: bytes) -> ExpungedRecord:
    """An EXPUNGED record."""
    return _EXPUNGED.decode(value)


MESSAGE_SPACES = (MESSAGE, ENVELOPE, STRUCTURE, PLACES)
