"""What a trace is made of: the steps of a letter by its number, and the marks in them to find it by.

A mark is an address or a Message-ID in canonical form. It has no index: every letter would pay for that at once, while
few are ever looked for, and two million steps are read through in a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from posthouse.core.maintenance.records import scan_readable
from posthouse.formats.address import canonical_local, parse_address
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation
from posthouse.storage.spaces import TRACE

_PLAIN = re.compile(r"[a-zA-Z0-9._+-]{1,64}@[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*")
_LONGEST_PLAIN = 254
_COUNT_BITS = 20  # of a step's place: when (ms), then how many came before it in that ms
_LONGEST_MARK = 400  # octets; no address is longer


class TraceEvent(msgspec.Struct, array_like=True, tag=1):
    """One step: when (ms), a word or two, and what there is to know of it by name."""

    at: int
    what: str
    fields: dict[str, str] = {}
    marks: tuple[str, ...] = ()


class Note(msgspec.Struct, array_like=True, frozen=True):
    """A step of a letter on its way into the store; `event.marks` are canonical."""

    number: int
    event: TraceEvent


ENCODER = msgspec.msgpack.Encoder()


def mark_of(text: str) -> str:
    """The mark of an address or a Message-ID, with or without angle brackets."""
    bare = text.strip("<> \t\r\n")
    if len(bare) <= _LONGEST_PLAIN and _PLAIN.fullmatch(bare) is not None:
        return bare.lower()  # as most are, and as all that follows would have it
    try:
        address = parse_address(bare)
    except ValueError:
        # a Message-ID may be anything
        octets = canonical_local(bare.replace("\0", "")).encode(errors="replace")
        return octets[:_LONGEST_MARK].decode(errors="ignore")
    return f"{canonical_local(address.local)}@{address.domain}"


def marks_of(texts: Iterable[str]) -> tuple[str, ...]:
    """The marks of several, each once."""
    return tuple(dict.fromkeys(mark for mark in map(mark_of, texts) if mark))


def append_events(txn: WriteTransaction, number: int, events: list[TraceEvent], marks: Iterable[str]) -> None:
    """Add steps to the trace of a letter, which is found by these addresses and Message-IDs from then on."""
    canonical = marks_of(marks)
    for event in events:
        _append(txn, number, msgspec.structs.replace(event, marks=canonical))
        canonical = ()


@operation
def append_notes(txn: WriteTransaction, notes: list[Note]) -> None:
    """Add many steps of many letters."""
    for note in notes:
        _append(txn, note.number, note.event)


def read_events(txn: ReadTransaction, number: int) -> list[TraceEvent]:
    """The steps of a letter, as far as they can be read; none when it is not known."""
    return [event for _, event in scan_readable(txn, TRACE, TraceEvent, number) if event is not None]


def erase_trace(txn: WriteTransaction, number: int) -> None:
    """Forget a letter."""
    txn.delete_range(*TRACE.range(number))


def last_step(txn: ReadTransaction, number: int) -> int:
    """When (ms) the last step of a letter was made."""
    key, _ = next(txn.scan(*TRACE.range(number), reverse=True))
    return int(TRACE.parse(key)[1]) >> _COUNT_BITS


def _append(txn: WriteTransaction, number: int, event: TraceEvent) -> None:
    first = event.at << _COUNT_BITS
    end = (event.at + 1) << _COUNT_BITS
    key = TRACE.key(number, first)
    if txn.get(key) is not None:
        last, _ = next(txn.scan(key, TRACE.key(number, end), reverse=True))
        key = TRACE.key(number, TRACE.parse(last)[1] + 1)
    txn.put(key, ENCODER.encode(event))
