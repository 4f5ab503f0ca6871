"""What a FETCH asks, worked out once: which columns to read, and how a message's line is made of a row."""

from __future__ import annotations

import functools
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

import msgspec

from posthouse.core.mail.messages import Column, Row
from posthouse.core.mail.origins import object_id
from posthouse.core.mail.reading import FlagPage
from posthouse.formats.imap import strings
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire import fetch_encoder
from posthouse.protocols.imap.wire.dates import date_time
from posthouse.protocols.imap.wire.fetch import (
    Attribute,
    Binary,
    BinarySize,
    Cut,
    FetchAttribute,
    Part,
    Preview,
    Section,
)

Value = Callable[[View, Row], int | bytes]


def _email_id(view: View, row: Row) -> bytes:
    """RFC 8474 5.1: the same wherever it is copied."""
    if row.origin is None:
        return b"M%b%d" % (view.id_mark, row.message)
    return object_id(b"M", row.origin, view.reader)


def _thread_id(view: View, row: Row) -> bytes:
    """RFC 8474 5.2."""
    if row.thread_origin is None:
        return b"(T%b%d)" % (view.id_mark, row.thread)
    return b"(%b)" % object_id(b"T", row.thread_origin, view.reader)


# a message whose prebuilt parts were lost is shown as empty; `rebuild` makes them anew
_NO_ENVELOPE = b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"
_NO_STRUCTURE = b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 0 0)'

# What is read and rendered in about 2 to 3 ms
FLAGS_PER_BATCH = 4000
ROWS_PER_BATCH = 750
RECORDS_PER_BATCH = 400
BODIES_PER_BATCH = 100

VALUES: dict[Attribute, tuple[Column | int, Value]] = {
    Attribute.UID: (0, lambda view, row: row.uid),
    Attribute.FLAGS: (0, lambda view, row: view.flags_of(row.uid, row.flags, row.keywords)),
    Attribute.INTERNALDATE: (0, lambda view, row: date_time(row.received)),
    Attribute.RFC822_SIZE: (0, lambda view, row: row.size),
    Attribute.ENVELOPE: (Column.ENVELOPE, lambda view, row: row.envelope or _NO_ENVELOPE),
    Attribute.BODY: (Column.STRUCTURE, lambda view, row: row.structure.body if row.structure else _NO_STRUCTURE),
    Attribute.BODYSTRUCTURE: (
        Column.STRUCTURE,
        lambda view, row: row.structure.bodystructure if row.structure else _NO_STRUCTURE,
    ),
    Attribute.MODSEQ: (0, lambda view, row: row.modseq),
    Attribute.EMAILID: (Column.ORIGIN, _email_id),
    Attribute.THREADID: (Column.RECORD | Column.ORIGIN, _thread_id),
    Attribute.SAVEDATE: (0, lambda view, row: date_time(row.saved)),
}


class Plan(msgspec.Struct, frozen=True):
    """A FETCH's attributes in the order of rendering: those of the row, then preview, then sections; whoever asks.

    `columns` are to be read, of `per_batch` messages. `is_flags_only` for UID and FLAGS in either order, what clients
    ask of all messages at once. `is_whole` where the only section is all of the message. The formats are those of
    fetch_encoder for `values`; of a line one with numbers, and for True one with UIDs alone.
    """

    attributes: tuple[Attribute, ...]
    values: tuple[Value, ...]
    items_format: bytes
    line_formats: dict[bool, bytes]
    sections: tuple[Cut, ...]
    binaries: list[Binary | BinarySize]
    preview: bool
    marks_seen: bool
    columns: int
    per_batch: int
    is_flags_only: bool
    is_whole: bool

    def head(self, view: View, number: int, items: bytes) -> bytes:
        """How a response with sections begins."""
        return fetch_encoder.HEADS[view.dialect.uid_only] % (number, items)

    def flag_lines(self, view: View, numbers: Sequence[int], uids: array[int], page: FlagPage) -> bytes:
        """Whole responses for `is_flags_only`."""
        marked: list[int] | bytes = page.flags
        if view.recent or page.bitmaps:
            marked = list(page.flags)
            for first, last in view.recent:
                start, stop = bisect_left(uids, first), bisect_right(uids, last)
                marked[start:stop] = [bits | fetch_encoder.RECENT for bits in marked[start:stop]]
            for at, held in page.keywords():
                marked[at] |= held << fetch_encoder.KEYWORDS_AT
        lines = fetch_encoder.FlagLines(self.attributes, view.flag_lists, uid_only=view.dialect.uid_only)
        # the lines first, each a pattern with its flags in place, then one formatting of all: a third of one for each
        values = [0] * (2 * len(uids))
        values[::2] = numbers
        values[1::2] = uids
        return b"".join(map(lines.__getitem__, marked)) % tuple(values)

    def lines(self, view: View, numbers: Sequence[int], rows: list[Row]) -> bytes:
        """Whole responses, for a plan without sections."""
        pairs = zip(numbers, rows, strict=True)
        if self.preview:
            return b"".join([view.dialect.fetched(n, row.uid, self.items(view, row)) for n, row in pairs])
        line = self.line_formats[view.dialect.uid_only]
        values = self.values
        if len(values) == 1:
            value = values[0]
            return b"".join([line % (n, value(view, row)) for n, row in pairs])
        return b"".join([line % (n, *[value(view, row) for value in values]) for n, row in pairs])

    def whole_lines(self, view: View, numbers: Sequence[int], rows: list[Row], messages: list[bytes]) -> bytes:
        """Whole responses, where the only section is all of the message: these octets."""
        line = self.line_formats[view.dialect.uid_only]
        values = self.values
        found: list[bytes] = []
        for number, row, message in zip(numbers, rows, messages, strict=True):
            octets = fetch_encoder.body_octets(message)
            if values:
                found.append(line % (number, *[value(view, row) for value in values], len(octets), octets))
            else:
                found.append(line % (number, len(octets), octets))
        return b"".join(found)

    def items(self, view: View, row: Row, *, changed: bool = False) -> bytes:
        """What stands before the sections, without a blank at its end; may be empty."""
        items = self.items_format % tuple([value(view, row) for value in self.values])
        if changed:
            items = (items + b" " + self._changes(view, row)).strip()
        if self.preview:
            preview = strings.string(row.record.preview.encode()) if row.record else b"NIL"
            items = (items + b" PREVIEW " + preview).lstrip()
        return items

    def _changes(self, view: View, row: Row) -> bytes:
        r"""What this very FETCH has changed by making it \Seen, and was not asked (RFC 9051 6.4.5, RFC 7162 3.2.4)."""
        shown = [Attribute.FLAGS]
        if view.dialect.shows_uids:
            shown.insert(0, Attribute.UID)
        if view.dialect.condstore:
            shown.append(Attribute.MODSEQ)
        extra = [attribute for attribute in shown if attribute not in self.attributes]
        return fetch_encoder.items_format(extra) % tuple([VALUES[attribute][1](view, row) for attribute in extra])


@functools.lru_cache(256)
def plan(asked: tuple[FetchAttribute, ...]) -> Plan:
    """What such a FETCH is to do; clients ask the same over and over."""
    attributes = tuple(attribute for attribute in asked if isinstance(attribute, Attribute))
    sections = tuple(one for one in asked if isinstance(one, Cut))
    preview = any(isinstance(attribute, Preview) for attribute in asked)
    columns = Column.RECORD if preview else 0
    columns |= Column.BODY if sections else 0
    for attribute in attributes:
        columns |= VALUES[attribute][0]
    if any(one.path or (isinstance(one, Section) and one.part is not Part.WHOLE) for one in sections):
        columns |= Column.STRUCTURE
    is_flags_only = not sections and not preview and set(attributes) == {Attribute.UID, Attribute.FLAGS}
    if is_flags_only:
        per_batch = FLAGS_PER_BATCH
    elif sections:
        per_batch = BODIES_PER_BATCH
    else:
        per_batch = RECORDS_PER_BATCH if columns & Column.RECORD else ROWS_PER_BATCH
    first = sections[0] if len(sections) == 1 and not preview else None
    is_whole = isinstance(first, Section) and first.part is Part.WHOLE and not first.path and first.partial is None
    whole = first.label if first is not None and is_whole else None
    return Plan(
        attributes,
        tuple(VALUES[attribute][1] for attribute in attributes),
        fetch_encoder.items_format(attributes),
        {alone: fetch_encoder.line_format(attributes, whole, uid_only=alone) for alone in (False, True)},
        sections,
        [one for one in sections if not isinstance(one, Section)],
        preview,
        any(not isinstance(one, BinarySize) and not one.peek for one in sections),
        int(columns),
        per_batch,
        is_flags_only,
        is_whole,
    )
