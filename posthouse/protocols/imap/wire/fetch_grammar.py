"""FETCH's attributes and modifiers; RFC 9051 9 (fetch-att, section), RFC 3516, RFC 7162, RFC 8970, RFC 9394."""

from __future__ import annotations

import functools
import re

from posthouse.formats.imap.strings import astring
from posthouse.protocols.imap.wire.commands.messages import Fetch
from posthouse.protocols.imap.wire.fetch import Attribute, Binary, BinarySize, FetchAttribute, Part, Preview, Section
from posthouse.protocols.imap.wire.limits import WireLimits
from posthouse.protocols.imap.wire.reader import MAX_NUMBER64, Expected, Reader
from posthouse.protocols.imap.wire.sequence import SequenceSet

_NAME = re.compile(rb"[A-Za-z0-9.]+")
_PATH = re.compile(rb"[1-9]\d{0,9}+(?:\.[1-9]\d{0,9}+)*+")
_PART = re.compile(rb"(?:HEADER(?:\.FIELDS(?:\.NOT)?)?|TEXT|MIME)(?=[\] ])", re.IGNORECASE)
_PARTIAL = re.compile(rb"<(\d{1,19})(?:\.(\d{1,19}))?>")
_LAZY = re.compile(rb" \(LAZY\)", re.IGNORECASE)
_REMEMBERED_OCTETS = 200
_MOST_DIGITS = 9  # whose number needs no look at its size
_ZERO, _LITERAL_END = b"0}"
_MOST_LEVELS = 100  # of parts in a section's path; deeper messages are not taken apart either

_SIMPLE: dict[bytes, Attribute] = {attribute.value: attribute for attribute in Attribute}
_RFC822: dict[bytes, Section] = {
    # RFC 9051 6.4.5: RFC822 is BODY[] by another name, RFC822.HEADER does not set \Seen
    b"RFC822": Section(b"RFC822"),
    b"RFC822.HEADER": Section(b"RFC822.HEADER", peek=True, part=Part.HEADER),
    b"RFC822.TEXT": Section(b"RFC822.TEXT", part=Part.TEXT),
}
_FAST = (Attribute.FLAGS, Attribute.INTERNALDATE, Attribute.RFC822_SIZE)
_MACROS: dict[bytes, tuple[FetchAttribute, ...]] = {
    b"FAST": _FAST,
    b"ALL": (*_FAST, Attribute.ENVELOPE),
    b"FULL": (*_FAST, Attribute.ENVELOPE, Attribute.BODY),
}


Asked = tuple[tuple[FetchAttribute, ...], bool, int | None, bool, tuple[int, int] | None]


def fetch_one(line: bytes, limits: WireLimits) -> Fetch | None:
    """A line that asks for one message, as it is asked for most; None for any other. Raises Expected."""
    words = line.split(b" ", 3)
    if len(words) < 4:
        return None
    tag, verb, number, asked = words
    uid = verb.upper() == b"UID"
    if uid:
        verb = number
        number, _, asked = asked.partition(b" ")
    if (
        verb.upper() != b"FETCH"
        or not tag.isalnum()  # others are looked at more closely
        or not number.isdigit()
        or len(number) > _MOST_DIGITS
        or number[0] == _ZERO
        or not 0 < len(asked) <= _REMEMBERED_OCTETS
        or asked[-1] == _LITERAL_END
    ):
        return None
    one = int(number)
    return Fetch(tag.decode("ascii"), SequenceSet(((one, one),)), *_remembered(asked, uid, limits))


def fetch(reader: Reader, tag: str, uid: bool) -> Fetch:
    """`"FETCH" SP sequence-set SP (macro / fetch-att / list) [fetch-modifiers]`."""
    reader.sp()
    sequence = reader.sequence_set()
    reader.sp()
    rest = reader.text[reader.at :]
    if len(rest) > _REMEMBERED_OCTETS or reader.partial:
        return Fetch(tag, sequence, *_asked(reader, uid))
    return Fetch(tag, sequence, *_remembered(rest, uid, reader.limits))


@functools.lru_cache(256)
def _remembered(rest: bytes, uid: bool, limits: WireLimits) -> Asked:
    """What clients ask for in the same words, message for message."""
    return _asked(Reader(rest, limits), uid)


def _asked(reader: Reader, uid: bool) -> Asked:
    attributes = dict.fromkeys(fetch_attributes(reader))
    changed_since: int | None = None
    vanished = False
    partial: tuple[int, int] | None = None
    if reader.sp_then(b"("):
        reader.at -= 1
        for name, value in reader.listed(lambda: _modifier(reader)):
            if name == b"CHANGEDSINCE":
                changed_since = value[0]
            elif name == b"VANISHED":
                vanished = True
            else:
                partial = value
    reader.end()
    if vanished and not (uid and changed_since is not None):
        raise Expected("VANISHED goes with UID FETCH and CHANGEDSINCE")  # RFC 7162 3.2.6
    if partial is not None and not uid:
        raise Expected("PARTIAL goes with UID FETCH")  # RFC 9394 3.3
    if uid and Attribute.UID not in attributes:
        attributes = {Attribute.UID: None, **attributes}  # RFC 9051 6.4.9
    if changed_since is not None:
        attributes[Attribute.MODSEQ] = None  # RFC 7162 3.1.4.1
    return tuple(attributes), uid, changed_since, vanished, partial


def fetch_attributes(reader: Reader) -> list[FetchAttribute]:
    """A macro, one attribute or a list of them."""
    if reader.text.startswith(b"(", reader.at):
        return reader.listed(lambda: fetch_attribute(reader))
    match = _NAME.match(reader.text, reader.at)
    macro = _MACROS.get(match[0].upper()) if match else None
    if match and macro:
        reader.at = match.end()
        return list(macro)
    return [fetch_attribute(reader)]


def fetch_attribute(reader: Reader) -> FetchAttribute:
    """fetch-att."""
    match = _NAME.match(reader.text, reader.at)
    if match is None:
        raise reader.expected("an attribute to fetch")
    name = match[0].upper()
    start, reader.at = reader.at, match.end()
    if reader.text.startswith(b"[", reader.at):
        if name in (b"BODY", b"BODY.PEEK"):
            return _section(reader, peek=name == b"BODY.PEEK")
        if name in (b"BINARY", b"BINARY.PEEK", b"BINARY.SIZE"):
            return _binary(reader, name)
    simple = _SIMPLE.get(name) or _RFC822.get(name)
    if simple is not None:
        return simple
    if name == b"PREVIEW":
        return _preview(reader)
    reader.at = start
    raise reader.expected("an attribute to fetch")


def section_spec(octets: bytes, limits: WireLimits) -> Section:
    """section-spec by itself, as URLs have it; empty for the whole message. Raises Expected."""
    reader = Reader(b"[%b]" % octets, limits)
    section = _section(reader, peek=True)
    reader.end()
    return section


def _section(reader: Reader, *, peek: bool) -> Section:
    reader.expect(b"[")
    path = _path(reader)
    part = Part.WHOLE
    if not path or reader.skip(b"."):
        part = _section_text(reader, required=bool(path))
    if part is Part.MIME and not path:
        raise Expected("MIME goes with a part number")  # RFC 9051 6.4.5.1
    fields: tuple[str, ...] = ()
    if part in (Part.HEADER_FIELDS, Part.HEADER_FIELDS_NOT):
        reader.sp()
        fields = tuple(reader.listed(lambda: _field_name(reader)))
    reader.expect(b"]")
    partial = _partial(reader)
    return Section(_label(b"BODY", path, part, fields, partial), peek, path, part, fields, partial)


def _section_text(reader: Reader, *, required: bool) -> Part:
    match = _PART.match(reader.text, reader.at)
    if match is not None:
        reader.at = match.end()
        return Part(match[0].upper())
    if required or not reader.text.startswith(b"]", reader.at):
        raise reader.expected("HEADER, HEADER.FIELDS, HEADER.FIELDS.NOT, TEXT, MIME or a part number")
    return Part.WHOLE


def _field_name(reader: Reader) -> str:
    octets = reader.astring("a header field name")
    if not octets.isascii() or any(octet <= 0x20 or octet in b"\x7f:" for octet in octets):
        raise Expected("expected a header field name in ASCII")  # RFC 5322 3.6.8
    return octets.decode("ascii")


def _binary(reader: Reader, name: bytes) -> Binary | BinarySize:
    reader.expect(b"[")
    path = _path(reader)
    reader.expect(b"]")
    if name == b"BINARY.SIZE":
        return BinarySize(_label(name, path, Part.WHOLE, (), None), path)
    partial = _partial(reader)
    return Binary(_label(b"BINARY", path, Part.WHOLE, (), partial), name == b"BINARY.PEEK", path, partial)


def _preview(reader: Reader) -> Preview:
    # RFC 8970 3.1: "PREVIEW" [SP "(" preview-mod ")"]; without LAZY it may be FETCH's own modifiers that follow
    match = _LAZY.match(reader.text, reader.at)
    if match is None:
        return Preview()
    reader.at = match.end()
    return Preview(True)


def _path(reader: Reader) -> tuple[int, ...]:
    match = _PATH.match(reader.text, reader.at)
    if match is None:
        return ()
    path = tuple([int(number) for number in match[0].split(b".")])
    if len(path) > _MOST_LEVELS:
        raise Expected(f"more than {_MOST_LEVELS} part numbers in a section", "LIMIT")
    reader.at = match.end()
    return path


def _partial(reader: Reader) -> tuple[int, int] | None:
    match = _PARTIAL.match(reader.text, reader.at)
    if match is None:
        return None
    first, count = int(match[1]), int(match[2] or 0)
    if not count or max(first, count) > MAX_NUMBER64:
        raise Expected("expected <first octet.how many>, the latter from 1 on")
    reader.at = match.end()
    return first, count


def _label(
    name: bytes, path: tuple[int, ...], part: Part, fields: tuple[str, ...], partial: tuple[int, int] | None
) -> bytes:
    numbers = ".".join(map(str, path)).encode()
    spec = numbers + b"." + part.value if path and part.value else numbers or part.value
    if fields:
        spec += b" (" + b" ".join([astring(field.encode()) for field in fields]) + b")"
    # RFC 9051 7.5.2: only the origin of a partial section comes back
    return b"%b[%b]<%d>" % (name, spec, partial[0]) if partial else b"%b[%b]" % (name, spec)


def _modifier(reader: Reader) -> tuple[bytes, tuple[int, int]]:
    name = reader.word("CHANGEDSINCE, VANISHED or PARTIAL")
    if name == b"VANISHED":
        return name, (0, 0)
    if name == b"CHANGEDSINCE":
        reader.sp()
        return name, (reader.number("a modseq", largest=MAX_NUMBER64), 0)
    if name == b"PARTIAL":
        reader.sp()
        return name, partial_range(reader)
    raise Expected("expected CHANGEDSINCE, VANISHED or PARTIAL among the modifiers")


def partial_range(reader: Reader) -> tuple[int, int]:
    """partial-range: `1:100`, or `-1:-100` to count from the end; RFC 9394 4."""
    sign = -1 if reader.skip(b"-") else 1
    first = reader.number("a position", least=1)
    reader.expect(b":")
    if sign < 0:
        reader.expect(b"-")
    return sign * first, sign * reader.number("a position", least=1)
