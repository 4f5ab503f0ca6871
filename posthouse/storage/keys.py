"""Keys: order-preserving tuples. Each kind of record has a `Space`, a one-byte tag with typed fields behind it.

Numbers are big-endian and of fixed width, so they sort as numbers. Text is UTF-8, ended by a zero byte (a zero
inside becomes 00 FF), so that it sorts as text whatever follows it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import Any


class Field(Enum):
    """What may stand in a key."""

    U32 = "I"
    U64 = "Q"
    HASH = "32s"
    TEXT = ""


_END = b"\x00\x01"
_ESCAPE = b"\x00\xff"


def _text(value: str) -> bytes:
    octets = value.encode()
    return (octets.replace(b"\x00", _ESCAPE) if 0 in octets else octets) + _END


_PARTS: dict[Field, Callable[[Any], bytes]] = {
    Field.U32: struct.Struct(">I").pack,
    Field.U64: struct.Struct(">Q").pack,
    Field.HASH: struct.Struct(">32s").pack,
    Field.TEXT: _text,
}


class Space:
    """One kind of record's keys; `fields` from the most to the least significant.

    `key` makes the key of one value for each field: a call that every read and write makes.
    """

    __slots__ = ("_fixed", "_parts", "_tag", "fields", "key", "name", "tag")

    def __init__(self, tag: int, name: str, *fields: Field) -> None:
        self.tag = tag
        self.name = name
        self.fields = fields
        self.key = _key(tag, fields)
        self._tag = bytes((tag,))
        self._parts = [_PARTS[field] for field in fields]
        self._fixed = None if Field.TEXT in fields else _packer(fields)

    def prefix(self, *values: Any) -> bytes:
        """What all keys that begin with `values`, fewer than there are fields, have in common."""
        return self._tag + b"".join([part(value) for part, value in zip(self._parts, values, strict=False)])

    def keys(self, *values: Any, last: Sequence[int] | Sequence[bytes]) -> list[bytes]:
        """The keys of `values` and each of `last`; for spaces of numbers and hashes alone."""
        key = self.key
        return [key(*values, each) for each in last]

    def range(self, *values: Any) -> tuple[bytes, bytes]:
        """(start, end) of all keys that begin with `values`."""
        start = self.prefix(*values)
        return start, after(start)

    def parse(self, key: bytes) -> tuple[Any, ...]:
        """The values of a whole key."""
        if self._fixed is not None:
            return self._fixed.unpack(key)[1:]
        values: list[Any] = []
        at = 1
        for field in self.fields:
            if field is Field.TEXT:
                end = key.index(_END, at)
                values.append(key[at:end].replace(_ESCAPE, b"\x00").decode())
                at = end + len(_END)
            else:
                part = struct.Struct(">" + field.value)
                values.append(part.unpack_from(key, at)[0])
                at += part.size
        return tuple(values)


def _packer(fields: Sequence[Field]) -> struct.Struct:
    return struct.Struct(">B" + "".join(field.value for field in fields))


def _key(tag: int, fields: tuple[Field, ...]) -> Callable[..., bytes]:
    if Field.TEXT not in fields:
        return partial(_packer(fields).pack, tag)
    parts = [_PARTS[field] for field in fields]
    if Field.TEXT in fields[:-1]:
        return lambda *values: (
            bytes((tag,)) + b"".join([part(value) for part, value in zip(parts, values, strict=True)])
        )
    pack = _packer(fields[:-1]).pack  # most spaces with text have it at their end, behind numbers
    return lambda *values: pack(tag, *values[:-1]) + _text(values[-1])


def after(prefix: bytes) -> bytes:
    """The first key behind all that begin with `prefix`."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes((stripped[-1] + 1,))
