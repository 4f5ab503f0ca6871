"""What is kept of a message beside its bytes: immutable, built when it arrives, shared by all its places."""

from __future__ import annotations

import msgspec

from posthouse.storage.blobs.records import Blob
from posthouse.storage.spaces import MESSAGE, PLACES


class Header(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The decoded header fields that search and sort look at; addresses as display text.

    `sent` is in ms since the epoch: 0 without a date that can be read, 1 where that is the epoch itself.
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


class MessageRecord(msgspec.Struct, array_like=True, tag=2):
    """The cold part of a message: one record, for each that is written costs a page.

    `envelope`, `bodystructure` and `body` are as IMAP sends them, `parts` is the part tree with its offsets; they are
    empty where they were lost (see `rebuild`). `thread` is 0 in records from before there were threads.
    """

    hash: bytes
    envelope: bytes
    bodystructure: bytes
    body: bytes
    parts: bytes
    size: int
    header: Header
    preview: str
    has_attachment: bool
    thread: int = 0
    links: bytes = b""


class _Hash(msgspec.Struct, array_like=True, tag=2, gc=False):
    """How a MessageRecord begins: what is listed by the hundred thousand is read no further."""

    hash: bytes


class _Envelope(msgspec.Struct, array_like=True, tag=2, gc=False):
    hash: bytes
    envelope: bytes


class Structures(msgspec.Struct, array_like=True, tag=2, frozen=True):
    """The same up to the part tree."""

    hash: bytes
    envelope: bytes
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
_HASH_HEAD = b"\x02\xc4\x20"  # behind an array's head: the tag, and 32 octets follow
_HASH_AT = 4
_ENVELOPE_AT = _HASH_AT + 32
_BIN_8, _BIN_16 = 0xC4, 0xC5  # heads of octets in msgpack, their count in one octet or two
_MESSAGE = msgspec.msgpack.Decoder(MessageRecord)
_HASH = msgspec.msgpack.Decoder(_Hash)
_ENVELOPE = msgspec.msgpack.Decoder(_Envelope)
_STRUCTURES = msgspec.msgpack.Decoder(Structures)
_EXPUNGED = msgspec.msgpack.Decoder(ExpungedRecord)


def decode_message(value: bytes) -> MessageRecord:
    """A MESSAGE record."""
    return _MESSAGE.decode(value)


def decode_hash(value: bytes) -> bytes:
    """The hash alone of a MESSAGE record."""
    if value.startswith(_HASH_HEAD, 1):  # so that its place is known, which is quicker than the decoder
        return value[_HASH_AT:_ENVELOPE_AT]
    return _HASH.decode(value).hash


def decode_envelope(value: bytes) -> bytes:
    """The IMAP ENVELOPE alone of a MESSAGE record."""
    # it stands behind a tag and a hash, so its place is known, and looking there takes a third of the decoder's time
    kind = value[_ENVELOPE_AT]
    if kind == _BIN_8:
        return value[_ENVELOPE_AT + 2 : _ENVELOPE_AT + 2 + value[_ENVELOPE_AT + 1]]
    if kind == _BIN_16:
        octets = value[_ENVELOPE_AT + 1] << 8 | value[_ENVELOPE_AT + 2]
        return value[_ENVELOPE_AT + 3 : _ENVELOPE_AT + 3 + octets]
    return _ENVELOPE.decode(value).envelope


def decode_structures(value: bytes) -> Structures:
    """The structures alone of a MESSAGE record."""
    return _STRUCTURES.decode(value)


def record_of(letter: Letter) -> MessageRecord:
    """What is kept of a letter, in no thread yet."""
    return MessageRecord(
        letter.blob.hash,
        letter.envelope,
        letter.bodystructure,
        letter.body,
        letter.parts,
        letter.size,
        letter.header,
        letter.preview,
        letter.has_attachment,
        links=letter.links,
    )


def decode_expunged(value: bytes) -> ExpungedRecord:
    """An EXPUNGED record."""
    return _EXPUNGED.decode(value)


MESSAGE_SPACES = (MESSAGE, PLACES)
