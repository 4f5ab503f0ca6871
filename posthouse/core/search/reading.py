"""A message read for the index: its text as it is compared, and its words by field."""

from __future__ import annotations

from contextlib import aclosing
from typing import Protocol

import structlog

from posthouse.core.mail.octets import Octets
from posthouse.core.search.index import Document, Words
from posthouse.core.search.records import SEPARATOR, Text, TextWriter
from posthouse.core.search.settings import SearchSettings
from posthouse.core.search.source import Unread
from posthouse.core.search.texts import body_texts, header_text, part_headers, read_header
from posthouse.formats.casemap import casemap
from posthouse.formats.documents.kinds import Kind, kind_of
from posthouse.formats.imap.parts import decode_parts
from posthouse.formats.mime.attachments import filename
from posthouse.formats.mime.content import read_content
from posthouse.formats.mime.decoder import TransferDecoder
from posthouse.formats.mime.headers import read_fields
from posthouse.formats.mime.part import Part
from posthouse.formats.mime.settings import MimeLimits
from posthouse.formats.mime.text import html_text
from posthouse.storage.blobs.contract import BlobDamaged, Blobs

log = structlog.get_logger()

WORDS_CHARACTERS = 200_000  # so much of a body's text is taken for words
MOST_FILES = 20  # of one message are looked into
PART_HEADER_OCTETS = 65_536


class AttachmentsGone(Exception):
    """Nothing reads attached files any more."""


class Attachments(Protocol):
    """Reads attached files."""

    async def text(self, kind: Kind, octets: bytes) -> str:
        """The text of a file; empty when it cannot be read. Raises AttachmentsGone."""


class MessageReader:
    """Reads messages for the index."""

    def __init__(self, blobs: Blobs, settings: SearchSettings, attachments: Attachments | None) -> None:
        self._blobs = blobs
        self._settings = settings
        self._attachments = attachments
        self._texts = TextWriter()

    async def read(self, account: int, unread: Unread) -> tuple[Document, bytes | None]:
        """The message for the index, and its text as it is kept; without one, searches ask the message itself."""
        if unread.place is None:
            return Document(account, unread.message, "", Words(), open=True), None
        octets = Octets(unread.place, self._blobs)
        try:
            root = decode_parts(unread.parts) if unread.parts is not None else Part(0, 0, octets.size)
            return await self._read(account, unread, octets, root)
        except AttachmentsGone:
            raise
        except BlobDamaged as damage:
            log.error("a message cannot be read", damage=damage.args)
        except Exception:  # one message must not keep all that follow out of the index
            log.exception("a message cannot be indexed", account=account, message=unread.message)
        return Document(account, unread.message, "", Words(), open=True), None

    async def _read(self, account: int, unread: Unread, octets: Octets, root: Part) -> tuple[Document, bytes | None]:
        header = casemap(header_text(read_fields(await read_header(octets, root))))
        if root.children:
            header += SEPARATOR + casemap(await part_headers(octets, root))
        body, words, whole = await self._body(octets, root)
        text = Text(header.encode("utf-8", "replace"), body.encode("utf-8", "replace"), whole)
        about = unread.header
        fields = Words(
            subject=about.subject if about is not None else "",
            from_=about.from_ if about is not None else "",
            to=f"{about.to} {about.cc}" if about is not None else "",
            body=words,
            files=await self._files(octets, root),
        )
        document = Document(account, unread.message, header + SEPARATOR + body, fields, open=not whole)
        return document, self._texts.encode(text)

    async def _body(self, octets: Octets, root: Part) -> tuple[str, str, bool]:
        """The body as it is compared, its readable text, and whether that is all of it."""
        compared: list[str] = []
        readable: list[str] = []
        room, words_left, before = self._settings.text_octets, WORDS_CHARACTERS, 0
        async with aclosing(body_texts(octets, root)) as pieces:
            async for number, part, piece in pieces:
                compared += [SEPARATOR] if number != before else []
                before = number
                compared.append(casemap(piece[:room]))
                if words_left > 0:
                    readable.append(html_text(piece) if part.subtype == "html" else piece)
                    words_left -= len(readable[-1])
                room -= len(piece)
                if room < 0:
                    break
        return "".join(compared), " ".join(readable)[:WORDS_CHARACTERS], room >= 0

    async def _files(self, octets: Octets, root: Part) -> str:
        """Names of attached files, and what stands in those that can be read."""
        found: list[str] = []
        pending, read = [root], 0
        while pending:
            part = pending.pop()
            pending += reversed(part.children)
            if part.children:
                continue
            name = await self._name(octets, part)
            found += [name] if name else []
            kind = kind_of(part.type, part.subtype, name)
            if kind is None or self._attachments is None or read == MOST_FILES:
                continue
            file = await self._file(octets, part)
            if file is not None:
                read += 1
                found.append(await self._attachments.text(kind, file))
        return "\n".join(found)

    async def _name(self, octets: Octets, part: Part) -> str:
        """What the sender called a part; the part tree as it is kept does not say."""
        header = await octets.read(part.header_start, min(part.body_start, part.header_start + PART_HEADER_OCTETS))
        named = Part(part.header_start, part.body_start)
        read_content(named, header, MimeLimits())
        return filename(named) or ""

    async def _file(self, octets: Octets, part: Part) -> bytes | None:
        """The decoded octets of an attached file; None when they are too many."""
        limit = self._settings.attachment_octets
        if part.body_octets > 2 * limit:
            return None
        decoder = TransferDecoder(part.encoding)
        decoded = bytearray()
        async for piece in octets.pieces(part.body_start, part.body_end):
            decoded += decoder.feed(piece)
        decoded += decoder.finish()
        return bytes(decoded) if len(decoded) <= limit else None
