"""Which octets of a message a section names; RFC 9051 6.4.5.1. Pure."""

from __future__ import annotations

import re

from posthouse.formats.imap.parts import Kind
from posthouse.formats.imap.parts import section as find_section
from posthouse.formats.mime.part import Part as MimePart
from posthouse.protocols.imap.wire.fetch import Part, Section

Span = tuple[int, int]  # the first octet, and the one behind the last

_KINDS = {
    Part.WHOLE: Kind.WHOLE,
    Part.HEADER: Kind.HEADER,
    Part.HEADER_FIELDS: Kind.HEADER,
    Part.HEADER_FIELDS_NOT: Kind.HEADER,
    Part.TEXT: Kind.TEXT,
    Part.MIME: Kind.MIME,
}

# a whole field with its folds and line ends (RFC 5322 2.2)
_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*+:[^\n]*+\n?(?:[ \t][^\n]*+\n?)*+", re.MULTILINE)


def span_of(section: Section, message: MimePart | None, size: int) -> Span | None:
    """Where the section is; of HEADER.FIELDS, where the whole header is. None when there is no such part.

    The whole message is there even when its outline is not.
    """
    if section.part is Part.WHOLE and not section.path:
        return 0, size
    return None if message is None else find_section(message, section.path, _KINDS[section.part])


def partial_of(span: Span, partial: tuple[int, int] | None) -> Span:
    """The part of a span that `<first.count>` names; empty behind its end (RFC 9051 6.4.5.1)."""
    if partial is None:
        return span
    first, count = partial
    start = min(span[0] + first, span[1])
    return start, min(start + count, span[1])


def chosen_fields(header: bytes, section: Section) -> bytes:
    """HEADER.FIELDS and HEADER.FIELDS.NOT: whole fields as they stand, then the empty line.

    None follows where the header ends without one, as it does of a message without a body (RFC 9051 6.4.5.1).
    """
    names = {name.lower().encode("utf-8", "replace") for name in section.fields}
    wanted = section.part is Part.HEADER_FIELDS
    fields = [match[0] for match in _FIELD.finditer(header) if (match[1].lower() in names) is wanted]
    if header.endswith((b"\n\r\n", b"\n\n")) or header in (b"\r\n", b"\n"):
        fields.append(b"\r\n")
    return b"".join(fields)
