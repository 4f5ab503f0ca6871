"""What a submission server does to a message: completes its header, and takes Bcc out; RFC 6409 8.

The header is gathered, for nobody knows before its end what is missing; the body streams by.
"""

from __future__ import annotations

import re

from posthouse.formats.dkim.body import BodyHash
from posthouse.formats.mime.addresses import Mailbox, parse_addresses
from posthouse.formats.mime.headers import joined, read_fields

_BCC = re.compile(rb"^(?:resent-)?bcc[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*(?:\n|\Z)", re.IGNORECASE | re.MULTILINE)
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")


class Completion:
    """A message on its way through; `header` is the completed block once the body has begun."""

    __slots__ = (
        "_authors",
        "_body_hash",
        "_date",
        "_held",
        "_in_header",
        "_message_id",
        "_most",
        "header",
        "is_too_long",
    )

    def __init__(self, date: str, message_id: str, most: int) -> None:
        """Use `date` and `message_id` where there is none; a header of more than `most` octets is too long."""
        self._date = date
        self._message_id = message_id
        self._most = most
        self._held = bytearray()
        self._in_header = True
        self._body_hash = BodyHash()
        self._authors = b""
        self.header = b""
        self.is_too_long = False

    @property
    def authors(self) -> list[str]:
        """The addresses of From, as they stand there."""
        return [
            f"{entry.local.decode(errors='replace')}@{entry.domain.decode(errors='replace')}"
            for entry in parse_addresses(self._authors)
            if isinstance(entry, Mailbox)
        ]

    @property
    def body_hash(self) -> bytes:
        """Of the body, for DKIM."""
        return self._body_hash.digest()

    def feed(self, octets: bytes) -> bytes:
        """Take the next octets; what of the completed message can go on."""
        if not self._in_header:
            self._body_hash.feed(octets)
            return octets
        searched = max(0, len(self._held) - 3)
        self._held += octets
        if self._held.startswith(b"\r\n"):
            return self._begin_body(0)
        end = self._held.find(b"\r\n\r\n", searched)
        if end >= 0:
            return self._begin_body(end + 2)
        if len(self._held) > self._most:
            self.is_too_long = True
            self._held.clear()
        return b""

    def close(self) -> bytes:
        """The message has ended; what of it is left."""
        return self._begin_body(len(self._held)) if self._in_header else b""

    def _begin_body(self, end: int) -> bytes:
        header, rest = bytes(self._held[:end]), bytes(self._held[end:])
        self._held.clear()
        self._in_header = False
        if header and _FIELD.match(header) is None:  # a text without any header
            header, rest = b"", b"\r\n" + header + rest
        self.header = self._completed(header)
        self._body_hash.feed(rest[2:])  # behind the empty line
        return self.header + rest

    def _completed(self, header: bytes) -> bytes:
        fields = read_fields(header)
        self._authors = joined(fields, b"from") or b""
        if b"bcc" in fields or b"resent-bcc" in fields:
            header = _BCC.sub(b"", header)
        added = "" if b"date" in fields else f"Date: {self._date}\r\n"
        if b"message-id" not in fields:
            added += f"Message-ID: <{self._message_id}>\r\n"
        return added.encode() + header
