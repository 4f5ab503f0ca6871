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
from posthouse.protocols.imap.dialect import Dialect
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


class _Understood(msgspec.Struct, frozen=True):
    """What is in the attributes themselves, whoever asks."""

    attributes: tuple[Attribute, ...]
    sections: tuple[Cut, ...]
    binaries: list[Binary | BinarySize]
    preview: bool
    marks_seen: bool
    columns: int
    format: bytes
    values: list[Value]
    is_flags_only: bool
    whole: bytes | None


@functools.lru_cache(256)
def _understood(asked: tuple[FetchAttribute, ...]) -> _Understood:
    attributes = tuple(attribute for attribute in asked if isinstance(attribute, Attribute))
    sections = tuple(one for one in asked if isinstance(one, Cut))
    preview = any(isinstance(attribute, Preview) for attribute in asked)
    columns = Column.RECORD if preview else 0
    columns |= Column.BODY if sections else 0
    first = sections[0] if len(sections) == 1 else None
    is_whole = isinstance(first, Section) and first.part is Part.WHOLE and not first.path and first.partial is None
    for attribute in attributes:
        columns |= VALUES[attribute][0]
    if any(one.path or (isinstance(one, Section) and one.part is not Part.WHOLE) for one in sections):
        columns |= Column.STRUCTURE
    return _Understood(
        attributes,
        sections,
        [one for one in sections if not isinstance(one, Section)],
        preview,
        any(not isinstance(one, BinarySize) and not one.peek for one in sections),
        int(columns),
        fetch_encoder.items_format(attributes),
        [VALUES[attribute][1] for attribute in attributes],
        not sections and not preview and set(attributes) == {Attribute.UID, Attribute.FLAGS},
        first.label if first is not None and is_whole else None,
    )


class Plan:
    """A FETCH's attributes in the order of rendering: those of the row, then preview, then sections."""

    __slots__ = ("_asked", "_dialect", "attributes", "binaries", "columns", "marks_seen", "sections")

    def __init__(self, asked: tuple[FetchAttribute, ...], dialect: Dialect) -> None:
        self._asked = understood = _understood(asked)
        self._dialect = dialect
        self.attributes = understood.attributes
        self.sections = understood.sections
        self.binaries = understood.binaries
        self.marks_seen = understood.marks_seen
        self.columns = understood.columns

    @property
    def has_items(self) -> bool:
        """True when something stands before the sections."""
        return bool(self.attributes) or self._asked.preview

    @property
    def whole(self) -> bytes | None:
        """The label of the only section, where that is all of the message."""
        return self._asked.whole

    @property
    def is_flags_only(self) -> bool:
        """True for UID and FLAGS in either order, what clients ask of all messages at once."""
        return self._asked.is_flags_only

    def numbers(self, view: View, uids: Sequence[int]) -> Sequence[int]:
        """What stands for each of these messages behind the star: its number, or its UID with UIDONLY."""
        if self._dialect.uid_only:
            return uids
        positions = view.positions_of(uids)
        if isinstance(positions, range):
            return range(positions.start + 1, positions.stop + 1)
        return [at + 1 for at in positions]

    def head(self, number: int, items: bytes) -> bytes:
        """How a response with sections begins."""
        return fetch_encoder.HEADS[self._dialect.uid_only] % (number, items)

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
        lines = fetch_encoder.FlagLines(self.attributes, view.flag_lists, uid_only=self._dialect.uid_only)
        # the lines first, each a pattern with its flags in place, then one formatting of all: a third of one for each
        values = [0] * (2 * len(uids))
        values[::2] = numbers
        values[1::2] = uids
        return b"".join(map(lines.__getitem__, marked)) % tuple(values)

    def lines(self, view: View, numbers: Sequence[int], rows: list[Row]) -> bytes:
        """Whole responses, for a plan without sections."""
        pairs = zip(numbers, rows, strict=True)
        if self._asked.preview:
            return b"".join([self._dialect.fetched(n, row.uid, self.items(view, row)) for n, row in pairs])
        line = fetch_encoder.line_format(self.attributes, uid_only=self._dialect.uid_only)
        values = self._asked.values
        if len(values) == 1:
            value = values[0]
            return b"".join([line % (n, value(view, row)) for n, row in pairs])
        return b"".join([line % (n, *[value(view, row) for value in values]) for n, row in pairs])

    def items(self, view: View, row: Row, *, changed: bool = False) -> bytes:
        """What stands before the sections, without a blank at its end; may be empty."""
        asked = self._asked
        items = asked.format % tuple([value(view, row) for value in asked.values])
        if changed:
            items = (items + b" " + self._changes(view, row)).strip()
        if asked.preview:
            preview = strings.string(row.record.preview.encode()) if row.record else b"NIL"
            items = (items + b" PREVIEW " + preview).lstrip()
        return items

    def _changes(self, view: View, row: Row) -> bytes:
        r"""What this very FETCH has changed by making it \Seen, and was not asked (RFC 9051 6.4.5, RFC 7162 3.2.4)."""
        shown = [Attribute.FLAGS]
        if self._dialect.shows_uids:
            shown.insert(0, Attribute.UID)
        if self._dialect.condstore:
            shown.append(Attribute.MODSEQ)
        extra = [attribute for attribute in shown if attribute not in self.attributes]
        return fetch_encoder.items_format(extra) % tuple([VALUES[attribute][1](view, row) for attribute in extra])
