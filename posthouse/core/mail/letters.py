"""A letter on its way in: hashed, scanned and spooled as it arrives; at its end all that reading needs is built."""

from __future__ import annotations

import hashlib
from typing import Protocol

from posthouse.core.mail.ids import message_key
from posthouse.core.mail.recoding import Recoding
from posthouse.core.mail.records import Header, Letter
from posthouse.core.mail.threads import links_of
from posthouse.formats.imap.bodystructure import structures
from posthouse.formats.imap.envelope import fields_envelope
from posthouse.formats.imap.parts import encode_parts
from posthouse.formats.mime.headers import read_fields, unfold
from posthouse.formats.mime.part import Part
from posthouse.formats.mime.scanner import Scanner
from posthouse.formats.mime.settings import MimeLimits
from posthouse.formats.mime.summary import summary
from posthouse.storage.blobs.contract import Blobs, BlobWriter
from posthouse.storage.blobs.records import Blob


class LetterWriter:
    """One letter; its octets are stored exactly as they are written."""

    __slots__ = ("_blob", "_scanner")

    def __init__(self, blob: BlobWriter, limits: MimeLimits) -> None:
        self._blob = blob
        self._scanner = Scanner(limits)

    @property
    def size(self) -> int:
        """Octets so far."""
        return self._blob.size

    def write(self, chunk: bytes) -> None:
        """Take the next octets."""
        self._blob.write(chunk)
        self._scanner.feed(chunk)

    async def finish(self) -> Letter:
        """The letter, its octets durable when they do not travel with it; raises StoreUnavailable, StoreFull."""
        return built(self._scanner.close(), await self._blob.finish())

    def abandon(self) -> None:
        """It will not be stored."""
        self._blob.abandon()


class Letters(Protocol):
    """Where letters begin."""

    def open(self) -> LetterWriter:
        """A new letter."""

    async def without_binary(self, letter: Letter) -> Letter:
        """A finished letter with its binary parts in base64, itself where it has none.

        Raises BlobDamaged, StoreUnavailable, StoreFull.
        """


class BlobLetters:
    """Letters whose octets become blobs."""

    def __init__(self, blobs: Blobs, limits: MimeLimits) -> None:
        self._blobs = blobs
        self._limits = limits

    def open(self) -> LetterWriter:
        return LetterWriter(self._blobs.writer(), self._limits)

    async def without_binary(self, letter: Letter) -> Letter:
        writer = self.open()
        recoding = Recoding(letter, self._blobs, self._limits, writer.write)
        if not recoding.needed:
            return letter
        try:
            await recoding.run()
            return await writer.finish()
        finally:
            writer.abandon()  # after success: nothing is left of it


def scanned(octets: bytes, limits: MimeLimits | None = None) -> Letter:
    """A letter that is in memory already, carried inline."""
    scanner = Scanner(limits or MimeLimits())
    scanner.feed(octets)
    return built(scanner.close(), Blob(hashlib.sha256(octets).digest(), len(octets), octets, None))


def built(message: Part, blob: Blob) -> Letter:
    """All that reading needs of a scanned message."""
    fields = read_fields(message.header)
    found = summary(message, fields)
    header = Header(
        sent=0 if found.sent is None else found.sent or 1,
        message_id=found.message_id,
        subject=found.subject,
        from_=found.from_,
        to=found.to,
        cc=found.cc,
        references=b"".join([message_key(id_) for id_ in found.references]),
    )
    whole, body = structures(message)
    return Letter(
        blob=blob,
        header=header,
        preview=found.preview,
        has_attachment=found.has_attachment,
        envelope=fields_envelope(fields),
        bodystructure=whole,
        body=body,
        parts=encode_parts(message),
        ascii_header=message.header.isascii(),
        links=links_of(header),
        tls_optional=[unfold(value).lower() for value in fields.get(b"tls-required", ())] == [b"no"],
    )
