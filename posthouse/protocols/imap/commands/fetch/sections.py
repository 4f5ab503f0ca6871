"""Which octets of a message a section names; RFC 9051 6.4.5.1. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from posthouse.formats.mime.part import Part as MimePart
from posthouse.protocols.imap.wire.fetch import Part, Section

Span = tuple[int, int]  # the first octet, and the one behind the last

# a whole field with its folds and line ends (RFC 5322 2.2)
_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*+:[^\n]*+\n?(?:[ \t][^\n]*+\n?)*+", re.MULTILINE)


def find_part(root: MimePart, path: Sequence[int]) -> MimePart | None:
    """The part of that number, None without one; the message itself for an empty path.

    What is no multipart has one part, 1: its body (RFC 9051 6.4.5.1).
    """
    part = root
    holder: MimePart | None = root  # the message or multipart whose parts are counted
    for number in path:
        if holder is None:
            return None
        parts = holder.children if holder.is_multipart else [holder]
        if number > len(parts):
            return None
        part = parts[number - 1]
        holder = part if part.is_multipart else part.children[0] if part.is_message else None
    return part


def span_of(section: Section, root: MimePart, size: int) -> Span | None:
    """Where the section is; for HEADER.FIELDS where the whole header is. None when there is no such part."""
    part = find_part(root, section.path)
    if part is None:
        return None
    kind = section.part
    if kind is Part.MIME:
        return part.header_start, part.body_start
    if not section.path:
        if kind is Part.WHOLE:
            return 0, size
        return (part.body_start, size) if kind is Part.TEXT else (0, part.body_start)
    if kind is Part.WHOLE:
        return part.body_start, part.body_end
    if not part.is_message:
        return None  # only a message in a message has a header and a text of its own
    message = part.children[0]
    return (message.body_start, message.body_end) if kind is Part.TEXT else (message.header_start, message.body_start)


def partial_of(span: Span, partial: tuple[int, int] | None) -> Span:
    """The part of a span that `<first.count>` names; empty behind its end (RFC 9051 6.4.5.1)."""
    if partial is None:
        return span
    first, count = partial
    start = min(span[0] + first, span[1])
    return start, min(start + count, span[1])


def chosen_fields(header: bytes, section: Section) -> bytes:
    """HEADER.FIELDS and HEADER.FIELDS.NOT: whole fields as they stand, then the empty line."""
    names = {name.lower().encode("utf-8", "replace") for name in section.fields}
    wanted = section.part is Part.HEADER_FIELDS
    fields = [match[0] for match in _FIELD.finditer(header) if (match[1].lower() in names) is wanted]
    if fields and not fields[-1].endswith(b"\n"):
        fields.append(b"\r\n")
    return b"".join(fields) + b"\r\n"
