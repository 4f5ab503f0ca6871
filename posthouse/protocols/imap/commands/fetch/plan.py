"""What a FETCH asks, worked out once: which columns to read, and how a message's line is made of a row."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

from posthouse.core.mail.messages import Column, Row
from posthouse.formats.imap import strings
from posthouse.protocols.imap.dialect import Dialect
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire import fetch_encoder
from posthouse.protocols.imap.wire.dates import date_time
from posthouse.protocols.imap.wire.fetch import Attribute, BinarySize, Cut, FetchAttribute, Part, Preview, Section

Value = Callable[[View, Row], int | bytes]

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
    Attribute.EMAILID: (0, lambda view, row: b"M%b%d" % (view.id_mark, row.message)),  # the same wherever it is copied
    Attribute.THREADID: (Column.RECORD, lambda view, row: b"(T%b%d)" % (view.id_mark, row.thread)),
    Attribute.SAVEDATE: (0, lambda view, row: date_time(row.saved)),
}


class Plan:
    """A FETCH's attributes in the order of rendering: those of the row, then preview, then sections."""

    __slots__ = (
        "_dialect",
        "_extra_format",
        "_extra_values",
        "_format",
        "_preview",
        "_values",
        "attributes",
        "binaries",
        "columns",
        "marks_seen",
        "sections",
    )

    def __init__(self, asked: tuple[FetchAttribute, ...], dialect: Dialect) -> None:
        self.attributes = tuple(attribute for attribute in asked if isinstance(attribute, Attribute))
        self.sections = tuple(one for one in asked if isinstance(one, Cut))
        self.binaries = [one for one in self.sections if not isinstance(one, Section)]
        self.marks_seen = any(not isinstance(one, BinarySize) and not one.peek for one in self.sections)
        self._dialect = dialect
        self._preview = any(isinstance(attribute, Preview) for attribute in asked)
        self._values = [VALUES[attribute][1] for attribute in self.attributes]
        self._format = fetch_encoder.items_format(self.attributes)
        # a message that this very FETCH has made \Seen shows its new flags too (RFC 9051 6.4.5, RFC 7162 3.2.4)
        shown = [Attribute.FLAGS]
        if dialect.shows_uids:
            shown.insert(0, Attribute.UID)
        if dialect.condstore:
            shown.append(Attribute.MODSEQ)
        extra = [attribute for attribute in shown if attribute not in self.attributes]
        self._extra_values = [VALUES[attribute][1] for attribute in extra]
        self._extra_format = fetch_encoder.items_format(extra)
        self.columns = 0
        for attribute in self.attributes:
            self.columns |= VALUES[attribute][0]
        if self._preview:
            self.columns |= Column.RECORD
        if any(one.path or (isinstance(one, Section) and one.part is not Part.WHOLE) for one in self.sections):
            self.columns |= Column.STRUCTURE

    @property
    def is_flags_only(self) -> bool:
        """True for UID and FLAGS in this order, what clients ask of all messages at once."""
        return not self.sections and not self._preview and set(self.attributes) == {Attribute.UID, Attribute.FLAGS}

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

    def flag_lines(
        self, view: View, numbers: Sequence[int], uids: array[int], flags: array[int], keywords: dict[int, int]
    ) -> bytes:
        """Whole responses for `is_flags_only`."""
        line = fetch_encoder.line_format(self.attributes, uid_only=self._dialect.uid_only)
        uid_first = self.attributes[0] is Attribute.UID
        if keywords or view.recent:
            shown = [view.flags_of(uid, bits, keywords.get(uid, 0)) for uid, bits in zip(uids, flags, strict=True)]
        else:
            names = {bits: view.flag_lists.render(bits, 0) for bits in set(flags)}
            shown = [names[bits] for bits in flags]
        if uid_first:
            return b"".join([line % (n, uid, text) for n, uid, text in zip(numbers, uids, shown, strict=True)])
        return b"".join([line % (n, text, uid) for n, uid, text in zip(numbers, uids, shown, strict=True)])

    def lines(self, view: View, numbers: Sequence[int], rows: list[Row]) -> bytes:
        """Whole responses, for a plan without sections."""
        pairs = zip(numbers, rows, strict=True)
        if self._preview:
            return b"".join([self._dialect.fetched(n, row.uid, self.items(view, row)) for n, row in pairs])
        line = fetch_encoder.line_format(self.attributes, uid_only=self._dialect.uid_only)
        values = self._values
        if len(values) == 1:
            value = values[0]
            return b"".join([line % (n, value(view, row)) for n, row in pairs])
        return b"".join([line % (n, *[value(view, row) for value in values]) for n, row in pairs])

    def items(self, view: View, row: Row, *, changed: bool = False) -> bytes:
        """What stands before the sections, without a blank at its end; may be empty."""
        values = [value(view, row) for value in self._values]
        items = self._format % tuple(values)
        if changed and self._extra_values:
            extra = self._extra_format % tuple([value(view, row) for value in self._extra_values])
            items = (items + b" " + extra).lstrip()
        if self._preview:
            preview = strings.string(row.record.preview.encode()) if row.record else b"NIL"
            items = (items + b" PREVIEW " + preview).lstrip()
        return items
