"""A cursor over one whole command, with a method for each basic rule of the grammar; RFC 9051 9.

A literal stands in the text as it came: `{5}`, CRLF and the octets. Methods raise `Expected` for what does not fit and
`Incomplete` when a literal's octets are not there yet; both stay inside the decoder.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import TypeVar

from posthouse.protocols.imap.wire.dates import parse_date, parse_date_time
from posthouse.protocols.imap.wire.flags import SYSTEM_FLAG_BITS, Flags
from posthouse.protocols.imap.wire.limits import WireLimits
from posthouse.protocols.imap.wire.names import decode_name
from posthouse.protocols.imap.wire.sequence import STAR, SequenceSet

T = TypeVar("T")

_SPACES_AT_END = re.compile(rb" *\Z")
_TAG = re.compile(rb'[^\x00-\x20(){%*"\\+\x7f-\xff]+')
_ATOM = re.compile(rb'[^\x00-\x20(){%*"\\\]\x7f-\xff]+')
_ASTRING = re.compile(rb'[^\x00-\x20(){%*"\\\x7f-\xff]+')  # ASTRING-CHAR: ATOM-CHAR and "]"
_LIST_MAILBOX = re.compile(rb'[^\x00-\x20(){"\\\x7f-\xff]+')  # list-char: ATOM-CHAR, wildcards and "]"
_QUOTED = re.compile(rb'"([^"\\\r\n\x00]*+(?:\\["\\][^"\\\r\n\x00]*+)*+)"')
_LITERAL = re.compile(rb"(~?)\{(\d{1,20})(\+?)\}\r\n")
_NUMBER = re.compile(rb"\d{1,20}")
_SEQUENCE_SET = re.compile(rb"[0-9*:,]+")
_SEQUENCE_RANGES = re.compile(
    rb"(?:[1-9]\d{0,9}+|\*)(?::(?:[1-9]\d{0,9}+|\*))?(?:,(?:[1-9]\d{0,9}+|\*)(?::(?:[1-9]\d{0,9}+|\*))?)*+"
)
_TEN_DIGITS = re.compile(rb"\d{10}")
_FLAG = re.compile(rb'\\?[^\x00-\x20(){%*"\\\]\x7f-\xff]+')

_LONGEST_NAME = 4096  # no store takes such a name, and decoding has its price
MAX_NUMBER = 0xFFFFFFFF
MAX_NUMBER64 = 0x7FFFFFFFFFFFFFFF


class Expected(Exception):
    """The text does not fit: what was expected, and the response code when it is not the syntax that is wrong.

    `unsaves` of a search that was to save what it finds; RFC 5182 2.1.
    """

    def __init__(self, what: str, code: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.code = code
        self.unsaves = False


class Incomplete(Exception):
    """The text ends in the header of a literal whose octets are to come."""


class Reader:
    """The text of one command, without its last CRLF, and how far it is read.

    A `partial` text ends in the header of a literal, whose octets (maybe none) are to come.
    """

    __slots__ = ("at", "denormalized", "limits", "partial", "text", "utf8")

    def __init__(
        self, text: bytes, limits: WireLimits, *, utf8: bool = False, at: int = 0, partial: bool = False
    ) -> None:
        self.text = text
        self.at = at
        self.limits = limits
        self.partial = partial
        self.denormalized: str | None = None  # the last mailbox name as it was written, where that was not in NFC
        self.utf8 = utf8  # mailbox names are UTF-8 (RFC 9051 5.1, RFC 6855 3), else modified UTF-7 (RFC 3501 5.1.3)

    # Punctuation

    def expected(self, what: str) -> Expected:
        """That error, with what stands there instead."""
        return Expected(f"expected {what}, found {self._found()}")

    def sp(self) -> None:
        """SP: one, since a server should not take more (RFC 9051 2.2.2)."""
        if not self.text.startswith(b" ", self.at):
            raise self.expected("a space")
        self.at += 1

    def skip(self, token: bytes) -> bool:
        """Pass `token` if it stands here."""
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def expect(self, token: bytes) -> None:
        """Pass `token`, which must stand here."""
        if not self.skip(token):
            raise self.expected(f'"{token.decode("ascii")}"')

    def sp_then(self, token: bytes) -> bool:
        """Pass a space and `token` if both stand here, else nothing."""
        return self.skip(b" " + token)

    def at_end(self) -> bool:
        """True when nothing but spaces is left: scripts often end a line with one, and it cannot mean anything."""
        return self.at == len(self.text) or _SPACES_AT_END.match(self.text, self.at) is not None

    def end(self) -> None:
        """The command must be over."""
        if not self.at_end():
            raise self.expected("the end of the command")

    def listed(self, item: Callable[[], T], *, empty: bool = False) -> list[T]:
        """`"(" item *(SP item) ")"`."""
        self.expect(b"(")
        items: list[T] = []
        if empty and self.skip(b")"):
            return items
        while True:
            self._add(items, item)
            if self.skip(b")"):
                return items
            self.sp()

    def rest(self, item: Callable[[], T]) -> list[T]:
        """`item *(SP item)` up to the end of the command."""
        items: list[T] = []
        self._add(items, item)
        while not self.at_end():
            self.sp()
            self._add(items, item)
        return items

    # Words

    def tag(self) -> str:
        """tag: any ASTRING-CHAR except "+"."""
        return self._match(_TAG, "a tag").decode("ascii")

    def word(self, what: str) -> bytes:
        """An atom that is a keyword of the grammar, in capitals."""
        return self._match(_ATOM, what).upper()

    def atom(self, what: str) -> str:
        """atom."""
        return self._match(_ATOM, what).decode("ascii")

    def flag(self) -> bytes:
        """flag: an atom, or one behind a backslash."""
        return self._match(_FLAG, "a flag")

    def string(self, what: str = "a string") -> bytes:
        """string: quoted or literal. A quoted one may hold any octet but CR, LF and NUL: old clients send 8-bit."""
        match = _QUOTED.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
            octets = match[1]
            if self.utf8:
                as_utf8(octets, "a quoted string")  # RFC 6855 3
            return _unescape(octets) if b"\\" in octets else octets
        match = _LITERAL.match(self.text, self.at)
        if match is not None:
            return self._literal(match)
        if self.text.startswith(b'"', self.at):
            raise Expected(r'expected a quoted string that ends in ", where \ stands only before " and \ ')
        raise self.expected(what)

    def astring(self, what: str = "a string") -> bytes:
        """astring: string, or an atom that may hold "]"."""
        match = _ASTRING.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
            return match[0]
        return self.string(what)

    def nstring(self, what: str = "a string or NIL") -> bytes | None:
        """nstring."""
        if self.text[self.at : self.at + 3].upper() == b"NIL":
            self.at += 3
            return None
        return self.string(what)

    def text_string(self, what: str) -> str:
        """astring in UTF-8."""
        return as_utf8(self.astring(what), what)

    # Numbers and dates

    def number(self, what: str = "a number", *, largest: int = MAX_NUMBER, least: int = 0) -> int:
        """number, and its kin by their bounds: nz-number, number64, mod-sequence-value."""
        match = _NUMBER.match(self.text, self.at)
        number = int(match[0]) if match else -1
        if match is None or not least <= number <= largest:
            raise self.expected(f"{what} from {least} to {largest}")
        self.at = match.end()
        return number

    def sequence_set(self) -> SequenceSet:
        """sequence-set, with `$` (RFC 5182 2.1)."""
        match = _SEQUENCE_SET.match(self.text, self.at)
        if match is None:
            if self.skip(b"$"):
                return SequenceSet((), True)
            raise self.expected("a sequence set such as 1,3:5,7:*")
        octets = match[0]
        if octets.isdigit() and len(octets) < 10 and octets[0] != 48:  # one message, as is asked most
            self.at = match.end()
            number = int(octets)
            return SequenceSet(((number, number),))
        if octets.count(b",") >= self.limits.sequence_ranges:
            raise Expected(f"more than {self.limits.sequence_ranges} ranges in a sequence set", "LIMIT")
        if _SEQUENCE_RANGES.fullmatch(octets) is None:
            raise self.expected("a sequence set such as 1,3:5,7:* with numbers from 1 on")
        self.at = match.end()
        # the grammar has no zero, so it can stand for the star
        ranges = tuple([_seq_range(part) for part in octets.replace(b"*", b"%d" % STAR).split(b",")])
        if _TEN_DIGITS.search(octets) and max(map(max, ranges)) > MAX_NUMBER:
            raise Expected(f"expected numbers up to {MAX_NUMBER} in a sequence set")
        return SequenceSet(ranges)

    def date(self) -> datetime.date:
        """date: with or without quotes."""
        quoted = self.skip(b'"')
        octets = self._match(_ATOM, "a date such as 17-Jul-1996")
        if quoted:
            self.expect(b'"')
        try:
            return parse_date(octets)
        except ValueError as error:
            raise Expected(f"expected a date such as 17-Jul-1996: {error}") from None

    def date_time(self) -> int:
        """date-time as ms since the epoch."""
        match = _QUOTED.match(self.text, self.at)
        try:
            if match is None:
                raise ValueError("in quotes")
            ms = parse_date_time(match[1])
        except ValueError as error:
            raise Expected(f'expected a date-time such as "17-Jul-1996 02:44:25 -0700": {error}') from None
        self.at = match.end()
        return ms

    # Mailboxes and flags

    def mailbox(self) -> str:
        """mailbox as Unicode; INBOX in capitals, however it was written."""
        return self._mailbox_name(self.astring("a mailbox name"))

    def list_mailbox(self) -> str | None:
        """list-mailbox: a mailbox name that may hold wildcards; None for what no name is like (RFC 5258 3)."""
        match = _LIST_MAILBOX.match(self.text, self.at)
        if match is None:
            octets = self.string("a mailbox pattern")
        else:
            octets = match[0]
            self.at = match.end()
        try:
            return self._mailbox_name(octets)
        except Expected:
            return None

    def flag_list(self) -> Flags:
        """flag-list."""
        return as_flags(self.listed(self.flag, empty=True))

    # Inside

    def _mailbox_name(self, octets: bytes) -> str:
        if len(octets) > _LONGEST_NAME:
            raise Expected(f"the mailbox name is longer than {_LONGEST_NAME} octets", "CANNOT")
        try:
            name = decode_name(octets, utf8=self.utf8)
            self.denormalized = None
            if self.utf8 and not name.isascii():
                written = octets.decode("utf-8")
                self.denormalized = written if written != name else None
            return name
        except ValueError:
            encoding = "UTF-8" if self.utf8 else "modified UTF-7"
            raise Expected(f"the mailbox name is not in {encoding}", "CANNOT") from None

    def _add(self, items: list[T], item: Callable[[], T]) -> None:
        if len(items) >= self.limits.list_items:
            raise Expected(f"more than {self.limits.list_items} items in a list", "LIMIT")
        items.append(item())

    def _literal(self, match: re.Match[bytes]) -> bytes:
        start, size = match.end(), int(match[2])
        if len(self.text) < start + size or (self.partial and start == len(self.text)):
            raise Incomplete
        octets = self.text[start : start + size]
        if not match[1] and b"\0" in octets:
            # RFC 9051 9, literal = *CHAR8: NUL may stand in literal8 alone
            raise Expected("expected a literal without NUL")
        self.at = start + size
        return octets

    def _match(self, rule: re.Pattern[bytes], what: str) -> bytes:
        match = rule.match(self.text, self.at)
        if match is None:
            raise self.expected(what)
        self.at = match.end()
        return match[0]

    def _found(self) -> str:
        if self.at_end():
            return "the end of the command"
        rest = self.text[self.at : self.at + 20].split(b"\r")[0].decode("ascii", "replace")
        shown = "".join(char if char.isprintable() and char.isascii() else "?" for char in rest)
        return f"'{shown}'"


def as_utf8(octets: bytes, what: str) -> str:
    """The octets as UTF-8 text; raises Expected."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise Expected(f"expected {what} in UTF-8") from None


def as_flags(names: list[bytes]) -> Flags:
    r"""System flags as bits and keywords by name, each once.

    \Recent is left out: no client can set it, but some copy it from FETCH into APPEND and STORE.
    """
    system = 0
    keywords: dict[str, str] = {}
    for name in names:
        if not name.startswith(b"\\"):
            keyword = name.decode("ascii")
            keywords.setdefault(keyword.lower(), keyword)
            continue
        upper = name.upper()
        bit = SYSTEM_FLAG_BITS.get(upper, 0)
        if not bit and upper != b"\\RECENT":
            raise Expected(f"there is no system flag {name[:40].decode('ascii')}")
        system |= bit
    return Flags(system, tuple(keywords.values()))


def _seq_range(octets: bytes) -> tuple[int, int]:
    first, _, last = octets.partition(b":")
    start = int(first)
    return (start, int(last)) if last else (start, start)


def _unescape(octets: bytes) -> bytes:
    """What a quoted string stands for: its backslashes come in pairs or before a quote, so pairs are found first."""
    return b"\\".join([part.replace(b'\\"', b'"') for part in octets.split(b"\\\\")])
