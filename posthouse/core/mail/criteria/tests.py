"""Search keys as functions over a candidate; RFC 9051 6.4.4, RFC 5032, RFC 8474, RFC 8514.

A test says None where it cannot know without the message's content: so that only messages which all else leaves in
doubt are opened.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from enum import IntEnum

from posthouse.core.mail.criteria import keys
from posthouse.core.mail.criteria.candidate import Candidate, Test
from posthouse.core.mail.messages import Column
from posthouse.core.mail.origins import Origin, parse_id
from posthouse.formats.casemap import casemap
from posthouse.formats.mime.words import without_controls

DAY_MS = 86_400_000
# No zone is read that is farther from UTC than a day, and an hour 24 belongs to the day before (formats/mime/dates)
_ZONES_MS = 26 * 3_600_000
_EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()


class Level(IntEnum):
    """How much of each message a test looks at; a higher one includes the lower."""

    POSITION = 0
    ROW = 1
    ORIGIN = 2
    RECORD = 3
    CONTENT = 4

    @property
    def columns(self) -> int:
        """What `rows` is asked for."""
        if self >= Level.RECORD:
            return Column.RECORD | Column.ORIGIN
        return Column.ORIGIN if self == Level.ORIGIN else 0


Compiled = tuple[Level, Test]


class Compiler:
    """Makes tests of messages at one time (`now` in ms).

    `keywords` name the bits of the mailbox's table. It is the account's, and its `reader` is one, too: by him it
    depends what an object id means.
    """

    def __init__(self, keywords: Sequence[str], now: int, account: int, reader: int) -> None:
        self._keywords = [name.lower() for name in keywords]
        self._now = now
        self._account = account
        self._reader = reader
        self.body_texts: set[str] = set()  # casemapped; what bodies will have to be searched for

    def test_of(self, key: keys.SearchKey) -> Compiled:
        """(level, test) of a key; raises ValueError for one that is bound to a session."""
        match key:
            case keys.All() | keys.SaveDateSupported():
                return Level.POSITION, lambda one: True
            case keys.And(children):
                return all_of([self.test_of(child) for child in children])
            case keys.Or(left, right):
                return either(self.test_of(left), self.test_of(right))
            case keys.Not(child):
                return negated(self.test_of(child))
            case keys.Fuzzy():
                return self.test_of(keys.in_words(key))
            case keys.HasFlag(flag, present):
                wanted = flag if present else 0
                return Level.ROW, lambda one: one.flags & flag == wanted
            case keys.HasKeyword(keyword, present):
                bit = self._keyword_bit(keyword)
                return Level.ROW, lambda one: bool(one.keywords & bit) is present
            case _:
                return self._of_row(key)

    def _of_row(self, key: keys.SearchKey) -> Compiled:
        match key:
            case keys.Larger(octets):
                return Level.ROW, lambda one: one.row.size > octets
            case keys.Smaller(octets):
                return Level.ROW, lambda one: one.row.size < octets
            case keys.Older(seconds):
                limit = self._now - seconds * 1000
                return Level.ROW, lambda one: one.row.received <= limit
            case keys.Younger(seconds):
                limit = self._now - seconds * 1000
                return Level.ROW, lambda one: one.row.received >= limit
            case keys.EmailId(id_):
                message = parse_id(id_, "M", self._reader)
                return Level.ORIGIN, lambda one: (one.row.origin or self._own(one.row.message)) == message
            case keys.ThreadId(id_):
                thread = parse_id(id_, "T", self._reader)
                return Level.RECORD, lambda one: (one.row.thread_origin or self._own(one.row.thread)) == thread
            case keys.Day():
                return day_test(key)
            case keys.EnvelopeField() | keys.Header():
                return header_test(key)
            case keys.Text(text):
                folded = self._body_text(text)
                return Level.CONTENT, lambda one: None if one.content is None else one.content.has_text(folded)
            case keys.Body(text):
                folded = self._body_text(text)
                return Level.CONTENT, lambda one: None if one.content is None else one.content.has_body(folded)
        raise ValueError(key)

    def _own(self, number: int) -> Origin:
        return Origin(self._account, number)

    def _body_text(self, text: str) -> str:
        folded = casemap(text)
        self.body_texts.add(folded)
        return folded

    def _keyword_bit(self, keyword: str) -> int:
        folded = keyword.lower()
        return 1 << self._keywords.index(folded) if folded in self._keywords else 0


def all_of(compiled: list[Compiled]) -> Compiled:
    """True when all are; the cheap ones are asked first."""
    ordered = sorted(compiled, key=lambda one: one[0])
    tests = [test for _, test in ordered]
    level = ordered[-1][0]

    def test(one: Candidate) -> bool | None:
        known: bool | None = True
        for each in tests:
            result = each(one)
            if result is False:
                return False
            if result is None:
                known = None
        return known

    return level, test


def either(left: Compiled, right: Compiled) -> Compiled:
    """True when one of them is."""
    (first_level, first), (second_level, second) = sorted((left, right), key=lambda one: one[0])

    def test(one: Candidate) -> bool | None:
        result = first(one)
        if result is True:
            return True
        other = second(one)
        return True if other is True else None if result is None or other is None else False

    return max(first_level, second_level), test


def negated(compiled: Compiled) -> Compiled:
    """True when it is not."""
    level, inner = compiled

    def test(one: Candidate) -> bool | None:
        result = inner(one)
        return None if result is None else not result

    return level, test


def day_test(key: keys.Day) -> Compiled:
    """BEFORE, ON, SINCE and their kin. Internal dates are taken in UTC, in which they are shown."""
    day = key.day.toordinal() - _EPOCH_DAY
    fits: Callable[[int], bool] = {"before": day.__gt__, "on": day.__eq__, "since": day.__le__}[key.when]
    if key.of == "sent":
        return Level.CONTENT, sent_test(fits)
    if key.of == "saved":
        return Level.ROW, lambda one: fits(one.row.saved // DAY_MS)
    return Level.ROW, lambda one: fits(one.row.received // DAY_MS)


def sent_test(fits: Callable[[int], bool]) -> Test:
    """The day that the Date field shows, whatever its zone (RFC 3501 6.4.4); without one, that of the internal date.

    The record knows the moment: only where zones make a difference to the answer is the field itself read.
    """

    def test(one: Candidate) -> bool | None:
        sent = one.row.record.header.sent if one.row.record is not None else 0
        if not sent:
            return fits(one.row.received // DAY_MS)
        answers = {fits(day) for day in range((sent - _ZONES_MS) // DAY_MS, (sent + _ZONES_MS) // DAY_MS + 1)}
        if len(answers) == 1:
            return answers.pop()
        if one.content is None:
            return None
        written = one.content.sent_on()
        return fits(sent // DAY_MS if written is None else written.toordinal() - _EPOCH_DAY)

    return test


# Fields that the message's record has decoded; for any other the header itself is read
_RECORDED = {"from": "from_", "to": "to", "cc": "cc", "subject": "subject", "message-id": "message_id"}
_ADDRESSES = ("from", "to", "cc")
# what the record has otherwise than the field's text, as names without their quotes
_SPECIALS = re.compile(r'[()<>\[\]:;\\,"]')


def is_recorded(key: keys.EnvelopeField | keys.Header) -> bool:
    """Whether the record answers the key.

    It does not tell whether a field is there at all, which HEADER with an empty text asks, and of addresses it has
    names and mailboxes (FROM looks at those), where HEADER looks at what comes after the colon (RFC 9051 6.4.4).
    """
    name = key.field if isinstance(key, keys.EnvelopeField) else key.name
    if name not in _RECORDED or not key.text:
        return False
    return isinstance(key, keys.EnvelopeField) or name not in _ADDRESSES or _SPECIALS.search(key.text) is None


def sought(key: keys.EnvelopeField | keys.Header) -> str:
    """The text as it is looked for: casemapped, and without controls, as decoded fields are."""
    return casemap(without_controls(key.text))


def header_test(key: keys.EnvelopeField | keys.Header) -> Compiled:
    """FROM, SUBJECT ... and HEADER."""
    name = key.field if isinstance(key, keys.EnvelopeField) else key.name
    text = sought(key)
    if is_recorded(key):
        attribute = _RECORDED[name]

        def test(one: Candidate) -> bool | None:
            record = one.row.record
            return record is not None and text in casemap(getattr(record.header, attribute))

        return Level.RECORD, test
    return Level.CONTENT, lambda one: None if one.content is None else one.content.has_field(name, text)
