"""Header blocks: fields split, unfolded and looked up by name; RFC 5322 2.2. Never fails.

Lines end in LF, with or without a CR before it; a CR elsewhere is text. Lines that are no field are passed over.
"""

from __future__ import annotations

import re

from posthouse.formats.mime.words import decode_words

# RFC 5322 3.6.8, and blanks before the colon (4.5.8)
_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.MULTILINE)

_LF = ord("\n")  # a number is found in octets in a tenth of the time that another row of octets is

Fields = dict[bytes, list[bytes]]  # name in lower case -> raw values as they came, in their order


def read_fields(block: bytes) -> Fields:
    """The raw values of every field by its name: with their folds, without their last line end."""
    fields: Fields = {}
    for name, value in _FIELD.findall(block):
        key = name.lower()
        if key in fields:
            fields[key].append(value)
        else:
            fields[key] = [value]
    return fields


def unfold(value: bytes) -> bytes:
    """A raw value on one line, without blanks around it; RFC 5322 2.2.3."""
    if _LF in value:
        value = value.replace(b"\r\n", b"").replace(b"\n", b"")
    return value.strip(b" \t\r\n")


def first(fields: Fields, name: bytes) -> bytes | None:
    """The first value of that name (lower case), unfolded; None without one."""
    values = fields.get(name)
    return None if values is None else unfold(values[0])


def joined(fields: Fields, name: bytes) -> bytes | None:
    """All values of that name, unfolded, as one list; for address fields that stand there twice against the rules."""
    values = fields.get(name)
    if values is None:
        return None
    return unfold(values[0]) if len(values) == 1 else b", ".join([unfold(value) for value in values])


def decode(value: bytes) -> str:
    """Display text of a raw value: unfolded, RFC 2047 words decoded, wrong character sets as users expect."""
    return decode_words(unfold(value))
