"""The Content-* fields of a part's header, read into the part; RFC 2045, RFC 2183, RFC 3282, RFC 2557. Never fails."""

from __future__ import annotations

import re

from posthouse.formats.mime.headers import unfold
from posthouse.formats.mime.parameters import parse_value
from posthouse.formats.mime.part import Part
from posthouse.formats.mime.settings import MimeLimits

_TYPE = re.compile(rb"""([^\x00-\x20\x7f-\xff()<>@,;:\\"/\[\]?=]+)\s*/\s*([^\x00-\x20\x7f-\xff()<>@,;:\\"/\[\]?=]+)""")
_COMMENT = re.compile(rb"\([^()]*\)")


def read_content(part: Part, block: bytes, limits: MimeLimits) -> bool:
    """Fill `part` from its header block; whether a usable Content-Type was there. The first of equal fields counts."""
    lower = block.lower()
    typed = False
    seen: set[bytes] = set()
    at = lower.find(b"content-")
    while at >= 0:
        if at and block[at - 1] != 10:
            at = lower.find(b"content-", at + 8)
            continue
        end = _field_end(block, at)
        colon = lower.find(b":", at, end)
        if colon > 0:
            name = lower[at + 8 : colon].rstrip()
            if name not in seen and name in _READERS:
                seen.add(name)
                value = unfold(block[colon + 1 : end])
                if name == b"type":
                    typed = _read_type(part, value, limits)
                else:
                    _READERS[name](part, value, limits)
        at = lower.find(b"content-", end)
    return typed


def _field_end(block: bytes, start: int) -> int:
    end = block.find(b"\n", start)
    while end >= 0 and block[end + 1 : end + 2] in (b" ", b"\t"):
        end = block.find(b"\n", end + 1)
    return len(block) if end < 0 else end


def _read_type(part: Part, value: bytes, limits: MimeLimits) -> bool:
    word, parameters = parse_value(value, limits.parameter_count)
    match = _TYPE.match(word)
    if match is not None:
        part.type, part.subtype = match[1].decode("ascii"), match[2].decode("ascii")
    elif word and word != b"text":
        part.type, part.subtype = "application", "octet-stream"
    elif not word:
        return False  # RFC 2045 5.2: unreadable is as good as absent
    part.parameters = parameters
    return True


def _read_encoding(part: Part, value: bytes, limits: MimeLimits) -> None:
    word = parse_value(value, limits.parameter_count)[0]
    if word:
        part.encoding = word.decode("ascii", "replace").replace("\ufffd", "?")


def _read_disposition(part: Part, value: bytes, limits: MimeLimits) -> None:
    word, parameters = parse_value(value, limits.parameter_count)
    if word or parameters:
        # RFC 2183 2.8: what is not known counts as attachment
        part.disposition = word.decode("ascii", "replace").replace("\ufffd", "?") or "attachment"
        part.disposition_parameters = parameters


def _read_id(part: Part, value: bytes, limits: MimeLimits) -> None:
    part.id = value


def _read_description(part: Part, value: bytes, limits: MimeLimits) -> None:
    part.description = value


def _read_md5(part: Part, value: bytes, limits: MimeLimits) -> None:
    part.md5 = value


def _read_language(part: Part, value: bytes, limits: MimeLimits) -> None:
    words = _COMMENT.sub(b" ", value).split(b",", limits.parameter_count)[: limits.parameter_count]
    part.language = tuple([word for word in (word.strip() for word in words) if word])


def _read_location(part: Part, value: bytes, limits: MimeLimits) -> None:
    part.location = b"".join(value.split())  # RFC 2557 4.4.1: blanks are of folding


_READERS = {
    b"type": _read_type,
    b"transfer-encoding": _read_encoding,
    b"disposition": _read_disposition,
    b"id": _read_id,
    b"description": _read_description,
    b"md5": _read_md5,
    b"language": _read_language,
    b"location": _read_location,
}
