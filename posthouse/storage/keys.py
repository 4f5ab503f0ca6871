"""Keys: order-preserving tuples. Each kind of record has a `Space`, a one-byte tag with typed fields behind it.

Numbers are big-endian and of fixed width, so they sort as numbers. Text is UTF-8, ended by a zero byte (a zero
inside becomes 00 FF), so that it sorts as text whatever follows it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from enum import Enum
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
    """One kind of record's keys; `fields` from the most to the least significant."""

    __slots__ = ("_before_text", "_fixed", "_parts", "_tag", "fields", "name", "tag")

    def __init__(self, tag: int, name: str, *fields: Field) -> None:
        self.tag = tag
        self.name = name
        self.fields = fields
        self._tag = bytes((tag,))
        self._parts = [_PARTS[field] for field in fields]
        packed = [
            struct.Struct(">B" + "".join(field.value for field in fields[:count])) for count in range(len(fields) + 1)
        ]
        self._fixed = [] if Field.TEXT in fields else packed
        # most spaces with text have it at their end, behind numbers
        self._before_text = packed[-1] if fields[-1:] == (Field.TEXT,) and Field.TEXT not in fields[:-1] else None

    def key(self, *values: Any) -> bytes:
        """The key of `values`; with fewer values than fields, the common prefix of all keys that begin so."""
        if self._fixed:
            return self._fixed[len(values)].pack(self.tag, *values)
        if self._before_text is not None and len(values) == len(self.fields):
            return self._before_text.pack(self.tag, *values[:-1]) + _text(values[-1])
        return self._tag + b"".join([part(value) for part, value in zip(self._parts, values, strict=False)])

    def keys(self, *values: Any, last: Sequence[int] | Sequence[bytes]) -> list[bytes]:
        """The keys of `values` and each of `last`; for spaces of numbers and hashes alone."""
        pack, tag = self._fixed[-1].pack, self.tag
        return [pack(tag, *values, each) for each in last]

    def range(self, *values: Any) -> tuple[bytes, bytes]:
        """(start, end) of all keys that begin with `values`."""
        start = self.key(*values)
        return start, after(start)

    def parse(self, key: bytes) -> tuple[Any, ...]:
        """The values of a whole key."""
        if self._fixed:
            return self._fixed[-1].unpack(key)[1:]
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


def after(prefix: bytes) -> bytes:
    """The first key behind all that begin with `prefix`."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes((stripped[-1] + 1,))
