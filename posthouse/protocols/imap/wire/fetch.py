"""What FETCH can ask of a message; RFC 9051 6.4.5, with RFC 3516, RFC 7162, RFC 8474, RFC 8514 and RFC 8970."""

from __future__ import annotations

import enum

import msgspec


class Attribute(enum.Enum):
    """Attributes without parameters; the value is the name in the response."""

    UID = b"UID"
    FLAGS = b"FLAGS"
    INTERNALDATE = b"INTERNALDATE"
    RFC822_SIZE = b"RFC822.SIZE"
    ENVELOPE = b"ENVELOPE"
    BODY = b"BODY"
    BODYSTRUCTURE = b"BODYSTRUCTURE"
    MODSEQ = b"MODSEQ"
    EMAILID = b"EMAILID"
    THREADID = b"THREADID"
    SAVEDATE = b"SAVEDATE"

    __hash__ = object.__hash__  # members are single; Enum's own hash costs a Python call


class Part(enum.Enum):
    """Which octets of the message or part a section names; RFC 9051 6.4.5.1."""

    WHOLE = b""  # BODY[] and BODY[1.2]
    HEADER = b"HEADER"
    HEADER_FIELDS = b"HEADER.FIELDS"
    HEADER_FIELDS_NOT = b"HEADER.FIELDS.NOT"
    TEXT = b"TEXT"
    MIME = b"MIME"

    __hash__ = object.__hash__  # likewise


class Section(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """BODY[...], BODY.PEEK[...], RFC822, RFC822.HEADER and RFC822.TEXT.

    `label` is the name under which the response carries it, ready to be written. `path` counts parts from 1.
    `fields` are header names as the peer wrote them. `partial` is (first octet from 0, how many at most).
    """

    label: bytes
    peek: bool = False
    path: tuple[int, ...] = ()
    part: Part = Part.WHOLE
    fields: tuple[str, ...] = ()
    partial: tuple[int, int] | None = None


class Binary(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """BINARY[...] and BINARY.PEEK[...]: the part without its transfer encoding; RFC 9051 6.4.5."""

    label: bytes
    peek: bool = False
    path: tuple[int, ...] = ()
    partial: tuple[int, int] | None = None


class BinarySize(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """BINARY.SIZE[...]: octets of the part without its transfer encoding."""

    label: bytes
    path: tuple[int, ...] = ()


class Preview(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """PREVIEW and PREVIEW (LAZY): lazy may be answered NIL; RFC 8970 3.1."""

    lazy: bool = False


Cut = Section | Binary | BinarySize  # what is cut from a message's octets
FetchAttribute = Attribute | Section | Binary | BinarySize | Preview
