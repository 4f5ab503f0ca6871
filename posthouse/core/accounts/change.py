"""A change of some fields of a record: those that it leaves out stay."""

from __future__ import annotations

import msgspec


def apply(change: msgspec.Struct, record: msgspec.Struct) -> None:
    """Give the record the fields of the same names; what is UNSET is left out."""
    for field in change.__struct_fields__:
        value = getattr(change, field)
        if value is not msgspec.UNSET:
            setattr(record, field, value)
