"""SEARCH: charset, return options and the tree of keys; RFC 9051 9 (search, search-key) and the RFCs of wire/search.py.

Depth and number of keys are bounded, since both cost the searcher far more than the peer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from posthouse.core.mail.criteria.keys import (
    All,
    And,
    Body,
    Day,
    EmailId,
    EnvelopeField,
    HasFlag,
    HasKeyword,
    Header,
    Larger,
    Not,
    Older,
    SaveDateSupported,
    SearchKey,
    Smaller,
    Text,
    ThreadId,
    Younger,
)
from posthouse.protocols.imap.wire.commands.search import Search
from posthouse.protocols.imap.wire.fetch_grammar import partial_range
from posthouse.protocols.imap.wire.flags import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN
from posthouse.protocols.imap.wire.reader import MAX_NUMBER, MAX_NUMBER64, Expected, Reader, as_utf8
from posthouse.protocols.imap.wire.search import IsRecent, ModSeq, Numbers, Return, Uids
from posthouse.protocols.imap.wire.search_tree import LIST, OPENING, Branch, Grown
from posthouse.protocols.imap.wire.sequence import SequenceSet

_KEY = re.compile(rb"[A-Za-z]+")
_RETURNS: dict[bytes, Return] = {
    b"MIN": Return.MIN,
    b"MAX": Return.MAX,
    b"ALL": Return.ALL,
    b"COUNT": Return.COUNT,
    b"SAVE": Return.SAVE,
    b"PARTIAL": Return.PARTIAL,
    b"RELEVANCY": Return.RELEVANCY,
}
# RFC 9051 6.4.4 asks for US-ASCII and UTF-8; the others are what older clients in Europe and Asia name
CHARSETS: dict[str, str] = {
    "US-ASCII": "ascii",
    "UTF-8": "utf-8",
    "ISO-8859-1": "latin-1",
    "ISO-8859-2": "iso8859-2",
    "ISO-8859-15": "iso8859-15",
    "WINDOWS-1251": "cp1251",
    "WINDOWS-1252": "cp1252",
    "KOI8-R": "koi8-r",
    "ISO-2022-JP": "iso2022-jp",
    "SHIFT_JIS": "shift-jis",
    "EUC-JP": "euc-jp",
    "EUC-KR": "euc-kr",
    "GB2312": "gb2312",
    "GB18030": "gb18030",
    "BIG5": "big5",
}


def search(reader: Reader, tag: str, uid: bool) -> Search:
    """`"SEARCH" [search-return-opts] SP search-program`."""
    reader.sp()
    returns, partial = return_clause(reader)
    key, charset = search_program(reader, returns)
    return Search(tag, key, uid, returns, partial, charset)


def search_program(reader: Reader, returns: Return | None) -> tuple[SearchKey, str | None]:
    """`["CHARSET" SP charset SP] search-key *(SP search-key)`: the key, and the charset where one is named."""
    with to_be_saved(returns):
        charset = charset_name(reader) if skip_word(reader, b"CHARSET") else None
        keys = Keys(reader, CHARSETS[charset] if charset else "utf-8")
        key = keys.program()
        keys.check_relevancy(returns)
    return key, charset


class Keys:
    """Reads the keys of one program."""

    __slots__ = ("_codec", "_left", "_reader", "is_fuzzy")

    def __init__(self, reader: Reader, codec: str) -> None:
        self._reader = reader
        self._codec = codec
        self._left = reader.limits.search_keys
        self.is_fuzzy = False  # FUZZY stood somewhere

    def program(self) -> SearchKey:
        """`search-key *(SP search-key)` up to the end of the command."""
        reader = self._reader
        keys = [self._key()]
        while not reader.at_end():
            reader.sp()
            keys.append(self._key())
        return keys[0] if len(keys) == 1 else And(tuple(keys))

    def check_relevancy(self, returns: Return | None) -> None:
        """Raise Expected where RELEVANCY is asked for and nothing is FUZZY; RFC 6203 4."""
        if returns is not None and returns & Return.RELEVANCY and not self.is_fuzzy:
            raise Expected("RELEVANCY needs a FUZZY key")

    def _key(self) -> SearchKey:
        """search-key, with all keys that it holds."""
        reader = self._reader
        within: list[Branch] = []
        while True:
            self._left -= 1
            if self._left < 0:
                raise Expected(f"more than {reader.limits.search_keys} search keys", "LIMIT")
            opened = self._opened()
            if opened is not None:
                within.append(opened)
                continue
            grown = Grown([self._leaf()])
            while within and not within[-1].add(grown, reader):
                grown = within.pop().grown()
                if grown.depth >= reader.limits.nesting:
                    raise Expected(f"search keys nest deeper than {reader.limits.nesting}", "LIMIT")
            if not within:
                return grown.key

    def _opened(self) -> Branch | None:
        """The beginning of a key that holds others, if it stands here."""
        reader = self._reader
        match = _KEY.match(reader.text, reader.at)
        if match is None:
            return Branch(LIST) if reader.skip(LIST) else None
        name = match[0].upper()
        if name not in OPENING:
            return None
        reader.at = match.end()
        reader.sp()
        self.is_fuzzy |= name == b"FUZZY"
        return Branch(name)

    def _leaf(self) -> SearchKey:
        reader = self._reader
        match = _KEY.match(reader.text, reader.at)
        if match is None:
            return Numbers(reader.sequence_set())
        name = match[0].upper()
        if name in SIMPLE:
            reader.at = match.end()
            return SIMPLE[name]
        rule = RULES.get(name)
        if rule is None:
            raise reader.expected("a search key")
        reader.at = match.end()
        reader.sp()
        return rule(self)

    def text(self) -> str:
        """astring in the command's charset."""
        octets = self._reader.astring()
        try:
            return octets.decode(self._codec)
        except UnicodeDecodeError:
            raise Expected(f"expected text in {self._codec}") from None

    def header(self) -> SearchKey:
        """`"HEADER" SP header-fld-name SP astring`."""
        name = as_utf8(self._reader.astring("a header field name"), "a header field name").lower()
        self._reader.sp()
        return Header(name, self.text())

    def modseq(self) -> SearchKey:
        """`"MODSEQ" [SP entry-name SP entry-type-req] SP mod-sequence-valzer`; RFC 7162 3.1.5."""
        reader = self._reader
        if reader.text.startswith(b'"', reader.at):
            reader.string()
            reader.sp()
            if reader.word("priv, shared or all") not in (b"PRIV", b"SHARED", b"ALL"):
                raise Expected("expected priv, shared or all")
            reader.sp()
        return ModSeq(reader.number("a modseq", largest=MAX_NUMBER64))

    def keyword(self, present: bool) -> SearchKey:
        """flag-keyword."""
        return HasKeyword(self._reader.atom("a keyword"), present)

    def number(self, what: str, least: int = 0) -> int:
        """A number64: sizes of messages may pass 32 bits (RFC 9051 9)."""
        return self._reader.number(what, largest=MAX_NUMBER64, least=least)

    def sequence(self) -> Uids:
        """sequence-set behind UID."""
        return Uids(self._reader.sequence_set())

    def beyond(self, *, after: bool) -> SearchKey:
        """A UID, for those above or below it; RFC 9738 3.2."""
        uid = self._reader.number("a UID", least=1)
        if after:
            return Uids(SequenceSet(((uid + 1, MAX_NUMBER),))) if uid < MAX_NUMBER else Not(All())
        return Uids(SequenceSet(((1, uid - 1),))) if uid > 1 else Not(All())

    def object_id(self) -> str:
        """objectid; RFC 8474 7."""
        return self._reader.text_string("an id")

    def day(self, of: Literal["received", "sent", "saved"], when: Literal["before", "on", "since"]) -> Day:
        """date."""
        return Day(of, when, self._reader.date())


Rule = Callable[[Keys], SearchKey]


def _field(name: Literal["from", "to", "cc", "bcc", "subject"]) -> Rule:
    return lambda keys: EnvelopeField(name, keys.text())


def _day(of: Literal["received", "sent", "saved"], when: Literal["before", "on", "since"]) -> Rule:
    return lambda keys: keys.day(of, when)


_NEW = And((IsRecent(True), HasFlag(SEEN, False)))  # RFC 3501 6.4.4

SIMPLE: dict[bytes, SearchKey] = {
    b"ALL": All(),
    b"ANSWERED": HasFlag(ANSWERED, True),
    b"DELETED": HasFlag(DELETED, True),
    b"DRAFT": HasFlag(DRAFT, True),
    b"FLAGGED": HasFlag(FLAGGED, True),
    b"SEEN": HasFlag(SEEN, True),
    b"UNANSWERED": HasFlag(ANSWERED, False),
    b"UNDELETED": HasFlag(DELETED, False),
    b"UNDRAFT": HasFlag(DRAFT, False),
    b"UNFLAGGED": HasFlag(FLAGGED, False),
    b"UNSEEN": HasFlag(SEEN, False),
    b"NEW": _NEW,
    b"OLD": IsRecent(False),
    b"RECENT": IsRecent(True),
    b"SAVEDATESUPPORTED": SaveDateSupported(),
}

RULES: dict[bytes, Rule] = {
    b"HEADER": Keys.header,
    b"MODSEQ": Keys.modseq,
    b"FROM": _field("from"),
    b"TO": _field("to"),
    b"CC": _field("cc"),
    b"BCC": _field("bcc"),
    b"SUBJECT": _field("subject"),
    b"BODY": lambda keys: Body(keys.text()),
    b"TEXT": lambda keys: Text(keys.text()),
    b"KEYWORD": lambda keys: keys.keyword(True),
    b"UNKEYWORD": lambda keys: keys.keyword(False),
    b"BEFORE": _day("received", "before"),
    b"ON": _day("received", "on"),
    b"SINCE": _day("received", "since"),
    b"SENTBEFORE": _day("sent", "before"),
    b"SENTON": _day("sent", "on"),
    b"SENTSINCE": _day("sent", "since"),
    b"SAVEDBEFORE": _day("saved", "before"),
    b"SAVEDON": _day("saved", "on"),
    b"SAVEDSINCE": _day("saved", "since"),
    b"LARGER": lambda keys: Larger(keys.number("a size")),
    b"SMALLER": lambda keys: Smaller(keys.number("a size")),
    b"OLDER": lambda keys: Older(keys.number("seconds", 1)),
    b"YOUNGER": lambda keys: Younger(keys.number("seconds", 1)),
    b"UID": lambda keys: keys.sequence(),
    b"UIDAFTER": lambda keys: keys.beyond(after=True),
    b"UIDBEFORE": lambda keys: keys.beyond(after=False),
    b"EMAILID": lambda keys: EmailId(keys.object_id()),
    b"THREADID": lambda keys: ThreadId(keys.object_id()),
}


def skip_word(reader: Reader, word: bytes) -> bool:
    """Pass `word` if it stands here with a space behind it."""
    end = reader.at + len(word)
    if reader.text[reader.at : end].upper() != word or not reader.text.startswith(b" ", end):
        return False
    reader.at = end
    return True


@contextmanager
def to_be_saved(returns: Return | None) -> Iterator[None]:
    """Of a search that asks for SAVE, what does not fit tells so."""
    try:
        yield
    except Expected as expected:
        expected.unsaves = returns is not None and Return.SAVE in returns
        raise


def charset_name(reader: Reader) -> str:
    """`SP charset SP`, in capitals; raises Expected for one that is not known."""
    reader.sp()
    charset = reader.astring("a charset").decode("ascii", "replace").upper()
    if charset not in CHARSETS:
        raise Expected("the charset is not known here", f"BADCHARSET ({' '.join(CHARSETS)})")
    reader.sp()
    return charset


def return_clause(reader: Reader) -> tuple[Return | None, tuple[int, int] | None]:
    """`["RETURN" SP search-return-opts SP]`: what is to be returned, None by default, and the range of PARTIAL."""
    if not skip_word(reader, b"RETURN"):
        return None, None
    reader.sp()
    options = _return_options(reader)
    reader.sp()
    return options


def _return_options(reader: Reader) -> tuple[Return, tuple[int, int] | None]:
    """`"(" [search-return-opt *(SP search-return-opt)] ")"`, and the range of PARTIAL."""
    returns = Return(0)
    partial: tuple[int, int] | None = None

    def option() -> None:
        nonlocal returns, partial
        name = reader.word("a search return option")
        if name not in _RETURNS:
            raise Expected(f"expected one of {b', '.join(_RETURNS).decode()} behind RETURN")
        returns |= _RETURNS[name]
        if name == b"PARTIAL":
            reader.sp()
            partial = partial_range(reader)

    reader.listed(option, empty=True)
    if partial is not None and Return.ALL in returns:
        raise Expected("ALL and PARTIAL exclude each other")  # RFC 9394 3.1
    return returns or Return.ALL, partial  # RFC 9051 6.4.4: RETURN () is RETURN (ALL)
