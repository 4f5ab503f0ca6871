"""Generators of valid commands: each gives the object and one of the many spellings that the grammar allows for it."""

from __future__ import annotations

import base64
import datetime
import functools
import operator
import unicodedata
from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from posthouse.core.mail.criteria import keys as s
from posthouse.core.sharing.rights import parse_rights
from posthouse.formats.imap import mutf7
from posthouse.formats.imap.strings import astring
from posthouse.protocols.imap.wire.commands.acl import DeleteAcl, GetAcl, ListRights, MyRights, SetAcl
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.listing import (
    List,
    ListReturn,
    ListSelect,
    Lsub,
    Namespace,
    Status,
    StatusItem,
)
from posthouse.protocols.imap.wire.commands.mailboxes import (
    Close,
    Create,
    Delete,
    Examine,
    QResync,
    Rename,
    Select,
    Subscribe,
    Unselect,
    Unsubscribe,
)
from posthouse.protocols.imap.wire.commands.messages import Copy, Expunge, Fetch, Move, Store, StoreMode, UidExpunge
from posthouse.protocols.imap.wire.commands.metadata import GetMetadata, MetadataWanted, SetMetadata
from posthouse.protocols.imap.wire.commands.quota import GetQuota, GetQuotaRoot, SetQuota
from posthouse.protocols.imap.wire.commands.search import (
    MultiSearch,
    Search,
    Sort,
    Source,
    SourceKind,
    Thread,
    UidBatches,
)
from posthouse.protocols.imap.wire.commands.session import (
    Authenticate,
    Capability,
    Check,
    Comparator,
    Compress,
    Enable,
    Id,
    Idle,
    Language,
    Login,
    Logout,
    Noop,
    Notify,
    StartTls,
    Unauthenticate,
)
from posthouse.protocols.imap.wire.dates import MONTHS
from posthouse.protocols.imap.wire.fetch import (
    Attribute,
    Binary,
    BinarySize,
    FetchAttribute,
    Part,
    Preview,
    Section,
)
from posthouse.protocols.imap.wire.flags import SYSTEM_FLAGS, Flags
from posthouse.protocols.imap.wire.notify import NotifyEvent, NotifyFilter, NotifyGroup
from posthouse.protocols.imap.wire.search import IsRecent, ModSeq, Numbers, Return, Uids
from posthouse.protocols.imap.wire.search_tree import either_of
from posthouse.protocols.imap.wire.sequence import SequenceSet
from posthouse.protocols.imap.wire.sort import Criterion, SortKey, Threading

Draw = Callable[[st.SearchStrategy[Any]], Any]

ATOM = "abcdefXYZ0189!#$&',-./:;<=>?@[^_`|}~"
ATOMS = st.text(ATOM, min_size=1, max_size=8).filter(lambda text: text.upper() not in ("NIL", "RETURN", "CHARSET"))
TAGS = st.text(ATOM.replace("+", "") + "]", min_size=1, max_size=6)
OCTETS = st.binary(max_size=12).map(lambda octets: octets.replace(b"\0", b"."))
NUMBERS = st.integers(1, 0xFFFFFFFF)
NUMBERS64 = st.integers(1, 0x7FFFFFFFFFFFFFFF)
DATES = st.dates(datetime.date(1, 1, 1))
NAMES = st.one_of(
    st.sampled_from(["INBOX", "INBOX/x", "Sent", "a b", "a&b", "ä/日本", 'q"\\q', "", "100%", "{5}"]),
    st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=8).map(
        lambda name: unicodedata.normalize("NFC", name)
    ),
).filter(lambda name: name[:5].upper() != "INBOX" or name.startswith("INBOX"))


class Spelt(NamedTuple):
    """A command, its octets with the line end, and how many of its literals wait for the server."""

    command: Command
    text: bytes
    waiting: int


class Speller:
    """Spells grammar rules, drawing which of the allowed spellings."""

    def __init__(self, draw: Draw, utf8: bool) -> None:
        self.draw = draw
        self.utf8 = utf8
        self.waiting = 0

    def word(self, octets: bytes) -> bytes:
        """A keyword in any case."""
        return self.draw(st.sampled_from([octets, octets.lower(), octets.title()]))

    def string(self, octets: bytes) -> bytes:
        """Quoted where it can be, or a literal of either kind."""
        spellings = [b"{%d}\r\n%b" % (len(octets), octets), b"{%d+}\r\n%b" % (len(octets), octets)]
        # in UTF-8 sessions a quoted string is that (RFC 6855 3)
        if not set(b"\r\n\0") & set(octets) and (not self.utf8 or octets == octets.decode("utf-8", "ignore").encode()):
            spellings.append(b'"%b"' % octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"'))
        spelling = self.draw(st.sampled_from(spellings))
        self.waiting += spelling is spellings[0]
        return spelling

    def astring(self, octets: bytes) -> bytes:
        plain = astring(octets)
        return plain if plain == octets and self.draw(st.booleans()) else self.string(octets)

    def mailbox(self, name: str) -> bytes:
        return self.astring(name.encode() if self.utf8 else mutf7.encode(name))

    def listed(self, items: list[bytes]) -> bytes:
        return b"(%b)" % b" ".join(items)

    def date(self, day: datetime.date) -> bytes:
        text = b"%d-%b-%04d" % (day.day, self.word(MONTHS[day.month - 1]), day.year)
        return self.draw(st.sampled_from([text, b'"%b"' % text]))

    def flag_names(self, flags: Flags) -> list[bytes]:
        system = [self.word(name.encode()) for bit, name in SYSTEM_FLAGS if flags.system & bit]
        return system + [keyword.encode() for keyword in flags.keywords]

    def sequence(self, sequence: SequenceSet) -> bytes:
        if sequence.saved:
            return b"$"
        end = {0: "*"}
        ranges = [
            f"{end.get(first, first)}"
            if first == last and self.draw(st.booleans())
            else f"{end.get(first, first)}:{end.get(last, last)}"
            for first, last in sequence.ranges
        ]
        return ",".join(ranges).encode()


@st.composite
def ascending(draw: st.DrawFn) -> SequenceSet:
    """A set that grows, without `*`: what QRESYNC's lists are made of; RFC 7162 7."""
    ends = sorted(draw(st.sets(st.integers(1, 2**32 - 1), min_size=2, max_size=8)))
    return SequenceSet(tuple(zip(ends[::2], ends[1::2], strict=False)))


def sequences(*, saved: bool = True) -> st.SearchStrategy[SequenceSet]:
    numbers = st.one_of(st.just(0), st.integers(1, 20), NUMBERS)
    ranges = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4)
    sets = ranges.map(lambda found: SequenceSet(tuple(found)))
    return st.one_of(sets, st.just(SequenceSet((), True))) if saved else sets


FLAGS = st.builds(
    Flags,
    st.integers(0, 31),
    st.lists(ATOMS, max_size=3, unique_by=str.lower).map(tuple),
)


# FETCH


def paths(least: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(1, 999), min_size=least, max_size=3).map(tuple)


PARTIALS = st.none() | st.tuples(st.integers(0, 0x7FFFFFFFFFFFFFFF), NUMBERS64)
FIELDS = st.text('abcXYZ-("\\{]', min_size=1, max_size=6)


def spell_partial(partial: tuple[int, int] | None) -> tuple[bytes, bytes]:
    """As asked for, and as answered."""
    return (b"<%d.%d>" % partial, b"<%d>" % partial[0]) if partial else (b"", b"")


def fetch_attribute(spell: Speller) -> tuple[FetchAttribute, bytes]:
    draw = spell.draw
    kind = draw(st.sampled_from(["simple", "simple", "section", "binary", "size", "rfc822", "preview"]))
    if kind == "simple":
        attribute = draw(st.sampled_from(list(Attribute)))
        return attribute, spell.word(attribute.value)
    if kind == "rfc822":
        return draw(
            st.sampled_from(
                [
                    (Section(b"RFC822"), b"rfc822"),
                    (Section(b"RFC822.HEADER", True, (), Part.HEADER), b"RFC822.Header"),
                    (Section(b"RFC822.TEXT", False, (), Part.TEXT), b"RFC822.TEXT"),
                ]
            )
        )
    if kind == "preview":
        lazy = draw(st.booleans())
        return Preview(lazy), b"PREVIEW (LAZY)" if lazy else b"preview"
    path = draw(paths(0))
    numbers = ".".join(map(str, path)).encode()
    partial = draw(PARTIALS)
    asked, answered = spell_partial(partial)
    if kind == "size":
        return BinarySize(b"BINARY.SIZE[%b]" % numbers, path), spell.word(b"BINARY.SIZE") + b"[%b]" % numbers
    peek = draw(st.booleans())
    if kind == "binary":
        name = spell.word(b"BINARY.PEEK" if peek else b"BINARY")
        return Binary(b"BINARY[%b]%b" % (numbers, answered), peek, path, partial), b"%b[%b]%b" % (name, numbers, asked)
    part = draw(st.sampled_from([part for part in Part if path or part is not Part.MIME]))
    dot = b"." if path and part.value else b""
    names: tuple[str, ...] = ()
    asked_fields = answered_fields = b""
    if part in (Part.HEADER_FIELDS, Part.HEADER_FIELDS_NOT):
        names = tuple(draw(st.lists(FIELDS, min_size=1, max_size=3)))
        asked_fields = b" " + spell.listed([spell.astring(name.encode()) for name in names])
        answered_fields = b" " + spell.listed([astring(name.encode()) for name in names])
    label = b"BODY[%b%b%b%b]%b" % (numbers, dot, part.value, answered_fields, answered)
    name = spell.word(b"BODY.PEEK" if peek else b"BODY")
    text = b"%b[%b%b%b%b]%b" % (name, numbers, dot, spell.word(part.value), asked_fields, asked)
    return Section(label, peek, path, part, names, partial), text


def fetch(spell: Speller, tag: str) -> tuple[Command, bytes]:
    draw = spell.draw
    uid = draw(st.booleans())
    sequence = draw(sequences())
    spelled = [fetch_attribute(spell) for _ in range(draw(st.integers(1, 4)))]
    wanted = dict.fromkeys([attribute for attribute, _ in spelled])
    text = spelled[0][1] if len(spelled) == 1 and draw(st.booleans()) else spell.listed([text for _, text in spelled])
    since = draw(st.none() | NUMBERS64)
    vanished = uid and since is not None and draw(st.booleans())
    partial = draw(st.none() | st.sampled_from([(1, 5), (-1, -5)])) if uid else None
    modifiers = []
    if since is not None:
        modifiers.append(spell.word(b"CHANGEDSINCE") + b" %d" % since)
    if vanished:
        modifiers.append(spell.word(b"VANISHED"))
    if partial:
        modifiers.append(spell.word(b"PARTIAL") + b" %d:%d" % partial)
    if uid and Attribute.UID not in wanted:
        wanted = {Attribute.UID: None, **wanted}
    if since is not None:
        wanted[Attribute.MODSEQ] = None
    line = b"%b%b %b %b" % (b"UID " if uid else b"", spell.word(b"FETCH"), spell.sequence(sequence), text)
    if modifiers:
        line += b" " + spell.listed(modifiers)
    return Fetch(tag, sequence, tuple(wanted), uid, since, vanished, partial), line


# SEARCH


def alternatives(key: s.SearchKey) -> list[s.SearchKey]:
    """The keys of an OR, and of all ORs in it; else the key itself."""
    return [*alternatives(key.left), *alternatives(key.right)] if isinstance(key, s.Or) else [key]


def search_key(spell: Speller, depth: int = 3) -> tuple[s.SearchKey, bytes]:
    draw = spell.draw
    kinds = ["flag", "simple", "text", "header", "day", "number", "sequence", "modseq", "id", "keyword"]
    kind = draw(st.sampled_from(kinds + ["not", "or", "and"] * 2 if depth else kinds))
    if kind in ("not", "or", "and"):
        left, left_text = search_key(spell, depth - 1)
        if kind == "not":
            return s.Not(left), spell.word(b"NOT") + b" " + left_text
        right, right_text = search_key(spell, depth - 1)
        if kind == "or":
            either = either_of([*alternatives(left), *alternatives(right)])
            return either, b"%b %b %b" % (spell.word(b"OR"), left_text, right_text)
        return s.And((left, right)), spell.listed([left_text, right_text])
    if kind == "flag":
        bit, name = draw(st.sampled_from(SYSTEM_FLAGS))
        present = draw(st.booleans())
        return s.HasFlag(bit, present), spell.word((b"" if present else b"UN") + name[1:].upper().encode())
    if kind == "simple":
        new = s.And((IsRecent(True), s.HasFlag(1, False)))
        simple = [
            (s.All(), b"ALL"),
            (IsRecent(False), b"OLD"),
            (new, b"NEW"),
            (s.SaveDateSupported(), b"SAVEDATESUPPORTED"),
        ]
        key, name = draw(st.sampled_from(simple))
        return key, spell.word(name)
    if kind == "text":
        text = draw(st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=6))
        name = draw(st.sampled_from(["from", "to", "cc", "bcc", "subject", "body", "text"]))
        key = s.Body(text) if name == "body" else s.Text(text) if name == "text" else s.EnvelopeField(name, text)
        spelled = spell.word(name.encode()) + b" " + spell.astring(text.encode())
        return (s.Fuzzy(key), spell.word(b"FUZZY") + b" " + spelled) if draw(st.booleans()) else (key, spelled)
    if kind == "header":
        name, text = draw(ATOMS), draw(ATOMS)
        return s.Header(name.lower(), text), b"HEADER %b %b" % (
            spell.astring(name.encode()),
            spell.astring(text.encode()),
        )
    if kind == "day":
        of, prefix = draw(st.sampled_from([("received", b""), ("sent", b"SENT"), ("saved", b"SAVED")]))
        when = draw(st.sampled_from(["before", "on", "since"]))
        day = draw(DATES)
        return s.Day(of, when, day), spell.word(prefix + when.upper().encode()) + b" " + spell.date(day)
    if kind == "number":
        number = draw(NUMBERS64)
        make, name = draw(
            st.sampled_from(
                [(s.Larger, b"LARGER"), (s.Smaller, b"SMALLER"), (s.Older, b"OLDER"), (s.Younger, b"YOUNGER")]
            )
        )
        return make(number), spell.word(name) + b" %d" % number
    if kind == "sequence":
        sequence = draw(sequences())
        uid = draw(st.booleans())
        text = spell.sequence(sequence)
        return (Uids(sequence), spell.word(b"UID") + b" " + text) if uid else (Numbers(sequence), text)
    if kind == "modseq":
        number = draw(NUMBERS64)
        entry = draw(st.sampled_from([b"", b'"/flags/\\\\seen" all ', b'"/flags/x" Shared ']))
        return ModSeq(number), spell.word(b"MODSEQ") + b" %b%d" % (entry, number)
    atom = draw(ATOMS)
    if kind == "id":
        make, name = draw(st.sampled_from([(s.EmailId, b"EMAILID"), (s.ThreadId, b"THREADID")]))
        return make(atom), spell.word(name) + b" " + atom.encode()
    present = draw(st.booleans())
    return s.HasKeyword(atom, present), spell.word(b"KEYWORD" if present else b"UNKEYWORD") + b" " + atom.encode()


def returned(spell: Speller) -> tuple[Return | None, tuple[int, int] | None, bytes]:
    """RETURN with its options, or nothing."""
    draw = spell.draw
    if draw(st.booleans()):
        return None, None, b""
    options = draw(st.lists(st.sampled_from(["MIN", "MAX", "ALL", "COUNT", "SAVE", "PARTIAL"]), max_size=4))
    partial: tuple[int, int] | None = None
    if "PARTIAL" in options:
        options = [option for option in dict.fromkeys(options) if option != "ALL"]
        sign = draw(st.sampled_from([1, -1]))
        partial = sign * draw(NUMBERS), sign * draw(NUMBERS)
    returns = Return(0)
    spelled = []
    for option in options:
        returns |= Return[option]
        spelled.append(spell.word(option.encode()))
        if option == "PARTIAL" and partial is not None:
            spelled[-1] += b" %d:%d" % partial
    return returns or Return.ALL, partial, b" %b %b" % (spell.word(b"RETURN"), spell.listed(spelled))


def search(spell: Speller, tag: str) -> tuple[Command, bytes]:
    draw = spell.draw
    uid = draw(st.booleans())
    line = (b"UID " if uid else b"") + spell.word(b"SEARCH")
    returns, partial, text = returned(spell)
    line += text
    charset = draw(st.sampled_from([None, "UTF-8"]))
    if charset:
        line += b" %b %b" % (spell.word(b"CHARSET"), spell.astring(b"utf-8"))
    key, text = program(spell)
    return Search(tag, key, uid, returns, partial, charset), line + b" " + text


def program(spell: Speller) -> tuple[s.SearchKey, bytes]:
    """Some keys beside each other."""
    spelled = [search_key(spell) for _ in range(spell.draw(st.integers(1, 3)))]
    key = spelled[0][0] if len(spelled) == 1 else s.And(tuple(key for key, _ in spelled))
    return key, b" ".join([text for _, text in spelled])


def multi_search(spell: Speller, tag: str) -> tuple[Command, bytes]:
    draw = spell.draw
    line = spell.word(b"ESEARCH")
    sources = [Source(SourceKind.SELECTED)]
    if draw(st.booleans()):
        sources, texts = [], []
        for _ in range(draw(st.integers(1, 3))):
            kind = draw(st.sampled_from(SourceKind))
            names: list[str] = []
            text = spell.word(kind.value)
            if kind in (SourceKind.SUBTREE, SourceKind.SUBTREE_ONE, SourceKind.MAILBOXES):
                names = draw(st.lists(NAMES, min_size=1, max_size=3))
                spelled = [spell.mailbox(name) for name in names]
                one = len(names) == 1 and draw(st.booleans())
                text += b" " + (spelled[0] if one else spell.listed(spelled))
            sources.append(Source(kind, tuple(names)))
            texts.append(text)
        line += b" %b %b" % (spell.word(b"IN"), spell.listed(texts))
    returns, partial, text = returned(spell)
    line += text
    charset = draw(st.sampled_from([None, "UTF-8"]))
    if charset:
        line += b" %b %b" % (spell.word(b"CHARSET"), spell.astring(b"utf-8"))
    key, text = program(spell)
    return MultiSearch(tag, tuple(sources), key, returns or Return.ALL, partial, charset), line + b" " + text


def sort(spell: Speller, tag: str) -> tuple[Command, bytes]:
    draw = spell.draw
    uid = draw(st.booleans())
    line = (b"UID " if uid else b"") + spell.word(b"SORT")
    returns, partial, text = returned(spell)
    sort_keys = [key for key in SortKey if key is not SortKey.RELEVANCY]  # which needs a FUZZY key
    criteria = draw(st.lists(st.builds(Criterion, st.sampled_from(sort_keys), st.booleans()), min_size=1, max_size=4))
    words = [(b"REVERSE " if one.reverse else b"") + one.key.value for one in criteria]
    line += text + b" %b %b" % (spell.listed([spell.word(word) for word in words]), spell.astring(b"utf-8"))
    key, text = program(spell)
    return Sort(tag, tuple(criteria), key, uid, returns, partial, "UTF-8"), line + b" " + text


def thread(spell: Speller, tag: str) -> tuple[Command, bytes]:
    uid = spell.draw(st.booleans())
    algorithm = spell.draw(st.sampled_from(Threading))
    line = (b"UID " if uid else b"") + spell.word(b"THREAD") + b" " + spell.word(algorithm.value)
    key, text = program(spell)
    return Thread(tag, algorithm, key, uid, "UTF-8"), b"%b %b %b" % (line, spell.astring(b"utf-8"), text)


# The others


def bare(spell: Speller, tag: str) -> tuple[Command, bytes]:
    kinds = [Capability, Noop, Logout, StartTls, Namespace, Idle, Check, Close, Unselect, Expunge, Unauthenticate]
    kind = spell.draw(st.sampled_from(kinds))
    return kind(tag), spell.word(kind.__name__.upper().encode())


def named(spell: Speller, tag: str) -> tuple[Command, bytes]:
    kind = spell.draw(st.sampled_from([Delete, Subscribe, Unsubscribe]))
    name = spell.draw(NAMES)
    return kind(tag, name), spell.word(kind.__name__.upper().encode()) + b" " + spell.mailbox(name)


def select(spell: Speller, tag: str) -> tuple[Command, bytes]:
    draw = spell.draw
    kind = draw(st.sampled_from([Select, Examine]))
    name = draw(NAMES)
    line = spell.word(kind.__name__.upper().encode()) + b" " + spell.mailbox(name)
    choice = draw(st.sampled_from(["plain", "condstore", "qresync"]))
    if choice == "plain":
        return kind(tag, name), line
    if choice == "condstore":
        return kind(tag, name, True), line + b" (" + spell.word(b"CONDSTORE") + b")"
    validity, modseq = draw(NUMBERS), draw(NUMBERS64)
    known, numbers = draw(st.none() | ascending()), draw(st.none() | ascending())
    text = b"%d %d" % (validity, modseq)
    text += b" " + spell.sequence(known) if known else b""
    text += b" (%b %b)" % (spell.sequence(numbers), spell.sequence(numbers)) if numbers else b""
    return kind(tag, name, True, QResync(validity, modseq, known, numbers, numbers)), line + b" (QRESYNC (%b))" % text


def create(spell: Speller, tag: str) -> tuple[Command, bytes]:
    name = spell.draw(NAMES)
    use = spell.draw(st.none() | st.lists(st.sampled_from(["sent", "junk", "archive"]), unique=True))
    line = spell.word(b"CREATE") + b" " + spell.mailbox(name)
    if use is not None:
        line += b" (USE %b)" % spell.listed([b"\\" + spell.word(role.encode()) for role in use])
    return Create(tag, name, tuple(use or ())), line


def rename(spell: Speller, tag: str) -> tuple[Command, bytes]:
    old, new = spell.draw(NAMES), spell.draw(NAMES)
    return Rename(tag, old, new), b"%b %b %b" % (spell.word(b"RENAME"), spell.mailbox(old), spell.mailbox(new))


def quota(spell: Speller, tag: str) -> tuple[Command, bytes]:
    name = spell.draw(NAMES)
    kind = spell.draw(st.sampled_from([GetQuota, GetQuotaRoot, SetQuota]))
    word = spell.word(kind.__name__.upper().encode()) + b" "
    if kind is GetQuotaRoot:
        return GetQuotaRoot(tag, name), word + spell.mailbox(name)
    line = word + spell.astring(name.encode())
    if kind is GetQuota:
        return GetQuota(tag, name), line
    limits = spell.draw(st.lists(st.tuples(st.sampled_from(["STORAGE", "MESSAGE", "X"]), st.integers(0, 2**63 - 1))))
    spelt = spell.listed([b"%b %d" % (spell.word(resource.encode()), limit) for resource, limit in limits])
    return SetQuota(tag, name, tuple(limits)), line + b" " + spelt


ENTRIES = st.from_regex(r"/(private|shared)(/[a-z0-9._-]{1,5}){1,3}", fullmatch=True)


def metadata_wanted(spell: Speller) -> tuple[MetadataWanted, bytes, bytes]:
    """What is wanted, and its options and entries as spelt."""
    draw = spell.draw
    entries = draw(st.lists(ENTRIES, min_size=1, max_size=3))
    size, depth = draw(st.none() | NUMBERS), draw(st.sampled_from([0, 1, None]))
    options = [] if size is None else [spell.word(b"MAXSIZE") + b" %d" % size]
    if depth != 0 or draw(st.booleans()):
        options.append(spell.word(b"DEPTH") + b" " + (spell.word(b"infinity") if depth is None else b"%d" % depth))
    spelt = [spell.astring(draw(st.sampled_from([entry, entry.upper()])).encode()) for entry in entries]
    text = spelt[0] if len(spelt) == 1 and draw(st.booleans()) else spell.listed(spelt)
    return MetadataWanted(tuple(dict.fromkeys(entries)), size, depth), spell.listed(options) if options else b"", text


def metadata(spell: Speller, tag: str) -> tuple[Command, bytes]:
    draw, name = spell.draw, spell.draw(NAMES)
    if draw(st.booleans()):
        changes = draw(st.lists(st.tuples(ENTRIES, st.none() | st.binary(max_size=5)), min_size=1, max_size=3))
        changes = [(entry, value and value.replace(b"\0", b"")) for entry, value in changes]
        parts = [
            spell.astring(entry.encode()) + b" " + (spell.word(b"NIL") if value is None else spell.string(value))
            for entry, value in changes
        ]
        line = b"%b %b %b" % (spell.word(b"SETMETADATA"), spell.mailbox(name), spell.listed(parts))
        return SetMetadata(tag, name, tuple(dict(changes).items())), line
    wanted, options, entries = metadata_wanted(spell)
    line, mailbox = spell.word(b"GETMETADATA"), spell.mailbox(name)
    parts = [options, mailbox] if draw(st.booleans()) else [mailbox, options]
    return GetMetadata(tag, name, wanted), b" ".join([part for part in [line, *parts, entries] if part])


def acl(spell: Speller, tag: str) -> tuple[Command, bytes]:
    draw = spell.draw
    kind = draw(st.sampled_from([SetAcl, DeleteAcl, GetAcl, ListRights, MyRights]))
    name, whom = draw(NAMES), draw(st.sampled_from(["anyone", "ann@example.org", "bücher@example.org", "-x"]))
    line = spell.word(kind.__name__.upper().encode()) + b" " + spell.mailbox(name)
    if kind is GetAcl or kind is MyRights:
        return kind(tag, name), line
    line += b" " + spell.astring(whom.encode())
    if kind is not SetAcl:
        return kind(tag, name, whom), line
    sign, mode = draw(st.sampled_from([("", "set"), ("+", "add"), ("-", "remove")]))
    text = "".join(draw(st.lists(st.sampled_from("lrswipkxteacd"), max_size=13)))
    return SetAcl(tag, name, whom, mode, int(parse_rights(text))), line + b" " + spell.astring((sign + text).encode())


def status_items(spell: Speller) -> tuple[tuple[StatusItem, ...], bytes]:
    items = spell.draw(st.lists(st.sampled_from(list(StatusItem)), min_size=1, max_size=4))
    return tuple(dict.fromkeys(items)), spell.listed([spell.word(item.value) for item in items])


def status(spell: Speller, tag: str) -> tuple[Command, bytes]:
    name = spell.draw(NAMES)
    items, text = status_items(spell)
    return Status(tag, name, items), b"%b %b %b" % (spell.word(b"STATUS"), spell.mailbox(name), text)


def list_(spell: Speller, tag: str) -> tuple[Command, bytes]:
    draw = spell.draw
    reference, patterns = draw(NAMES), draw(st.lists(NAMES, min_size=1, max_size=3))
    if draw(st.integers(0, 3)) == 0:
        line = b"%b %b %b" % (spell.word(b"LSUB"), spell.mailbox(reference), spell.mailbox(patterns[0]))
        return Lsub(tag, reference, patterns[0]), line
    extended = len(patterns) > 1
    select, returns = ListSelect(0), ListReturn(0)
    line = spell.word(b"LIST")
    if draw(st.booleans()):
        extended = True
        names = draw(st.lists(st.sampled_from(["SUBSCRIBED", "SPECIAL-USE", "REMOTE"]), max_size=2))
        for name in names:
            select |= ListSelect[name.replace("-", "_")]
        if select & (ListSelect.SUBSCRIBED | ListSelect.SPECIAL_USE) and draw(st.booleans()):
            select |= ListSelect.RECURSIVEMATCH
            names.append("RECURSIVEMATCH")
        line += b" " + spell.listed([spell.word(name.encode()) for name in names])
    line += b" " + spell.mailbox(reference) + b" "
    spelled = [spell.mailbox(pattern) for pattern in patterns]
    line += spelled[0] if len(spelled) == 1 else spell.listed(spelled)
    status_wanted: tuple[StatusItem, ...] = ()
    if draw(st.booleans()):
        extended = True
        names = draw(st.lists(st.sampled_from(["SUBSCRIBED", "SPECIAL-USE", "CHILDREN", "MYRIGHTS"]), max_size=2))
        for name in names:
            returns |= ListReturn[name.replace("-", "_")]
        options = [spell.word(name.encode()) for name in names]
        if draw(st.booleans()):
            status_wanted, text = status_items(spell)
            options.append(spell.word(b"STATUS") + b" " + text)
        line += b" %b %b" % (spell.word(b"RETURN"), spell.listed(options))
    if ListSelect.SUBSCRIBED in select:
        returns |= ListReturn.SUBSCRIBED
    return List(tag, reference, tuple(patterns), select, returns, status_wanted, extended), line


def id_(spell: Speller, tag: str) -> tuple[Command, bytes]:
    fields = spell.draw(st.lists(st.tuples(ATOMS, st.none() | ATOMS), max_size=3))
    text = spell.listed(
        [
            spell.string(name.encode()) + b" " + (spell.word(b"NIL") if value is None else spell.string(value.encode()))
            for name, value in fields
        ]
    )
    if not fields and spell.draw(st.booleans()):
        text = spell.word(b"NIL")
    return Id(tag, tuple((name.lower(), value) for name, value in fields)), spell.word(b"ID") + b" " + text


def login(spell: Speller, tag: str) -> tuple[Command, bytes]:
    texts = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=8)
    name, password = spell.draw(texts), spell.draw(texts)
    line = b"%b %b %b" % (spell.word(b"LOGIN"), spell.astring(name.encode()), spell.astring(password.encode()))
    return Login(tag, name, password), line


def authenticate(spell: Speller, tag: str) -> tuple[Command, bytes]:
    mechanism = spell.draw(st.sampled_from(["PLAIN", "SCRAM-SHA-256"]))
    initial = spell.draw(st.none() | st.binary(max_size=10))
    line = b"%b %b" % (spell.word(b"AUTHENTICATE"), spell.word(mechanism.encode()))
    if initial is not None:
        line += b" " + (base64.b64encode(initial) or b"=")
    return Authenticate(tag, mechanism, initial), line


def enable(spell: Speller, tag: str) -> tuple[Command, bytes]:
    names = spell.draw(st.lists(ATOMS, min_size=1, max_size=3))
    line = b" ".join([spell.word(b"ENABLE"), *[name.encode() for name in names]])
    return Enable(tag, tuple(dict.fromkeys([name.upper() for name in names]))), line


def language(spell: Speller, tag: str) -> tuple[Command, bytes]:
    names = spell.draw(st.lists(ATOMS, max_size=3))
    line = b" ".join([spell.word(b"LANGUAGE"), *[spell.astring(name.encode()) for name in names]])
    return Language(tag, tuple([name.lower() for name in names])), line


def comparator(spell: Speller, tag: str) -> tuple[Command, bytes]:
    names = spell.draw(st.lists(ATOMS, max_size=3))
    line = b" ".join([spell.word(b"COMPARATOR"), *[spell.astring(name.encode()) for name in names]])
    return Comparator(tag, tuple([name.lower() for name in names])), line


def compress(spell: Speller, tag: str) -> tuple[Command, bytes]:
    return Compress(tag, "DEFLATE"), b"%b %b" % (spell.word(b"COMPRESS"), spell.word(b"DEFLATE"))


def uid_batches(spell: Speller, tag: str) -> tuple[Command, bytes]:
    size, wanted = spell.draw(NUMBERS), spell.draw(st.none() | st.tuples(st.integers(1, 9), st.integers(9, 20)))
    line = b"%b %d" % (spell.word(b"UIDBATCHES"), size)
    return UidBatches(tag, size, wanted), line if wanted is None else line + b" %d:%d" % wanted


def notify_group(spell: Speller, kind: NotifyFilter) -> tuple[NotifyGroup, bytes]:
    draw = spell.draw
    words = [spell.word(kind.value)]
    names: tuple[str, ...] = ()
    if kind in (NotifyFilter.SUBTREE, NotifyFilter.MAILBOXES):
        names = tuple(draw(st.lists(NAMES, min_size=1, max_size=3)))
        spelt = [spell.mailbox(name) for name in names]
        words.append(spelt[0] if len(spelt) == 1 and draw(st.booleans()) else spell.listed(spelt))
    told = [NotifyEvent.MessageNew, NotifyEvent.MessageExpunge]
    if draw(st.booleans()):
        told.append(NotifyEvent.FlagChange)
    if not kind.is_selected:
        told = draw(st.sampled_from([told, []])) + draw(st.sampled_from([[], [NotifyEvent.MailboxName]]))
    if not told:
        return NotifyGroup(kind, names, NotifyEvent(0)), spell.listed([*words, spell.word(b"NONE")])
    attributes: tuple[FetchAttribute, ...] = ()
    listed = [spell.word((one.name or "").encode()) for one in told]
    if kind.is_selected and draw(st.booleans()):
        attributes = (Attribute.UID, Attribute.FLAGS)
        listed[0] += b" " + spell.listed([spell.word(b"FLAGS")])
    events = functools.reduce(operator.or_, told)
    return NotifyGroup(kind, names, events, attributes), spell.listed([*words, spell.listed(listed)])


def notify(spell: Speller, tag: str) -> tuple[Command, bytes]:
    draw = spell.draw
    if draw(st.booleans()):
        return Notify(tag, ()), b"%b %b" % (spell.word(b"NOTIFY"), spell.word(b"NONE"))
    kinds = draw(st.lists(st.sampled_from(list(NotifyFilter)), min_size=1, max_size=3))
    kinds = [kind for at, kind in enumerate(kinds) if not (at and kind.is_selected)]
    status_wanted = draw(st.booleans())
    head = [spell.word(b"NOTIFY"), spell.word(b"SET"), *([spell.word(b"STATUS")] if status_wanted else [])]
    groups = [notify_group(spell, kind) for kind in kinds]
    line = b" ".join(head + [text for _, text in groups])
    return Notify(tag, tuple([group for group, _ in groups]), status_wanted), line


def copy(spell: Speller, tag: str) -> tuple[Command, bytes]:
    kind = spell.draw(st.sampled_from([Copy, Move]))
    uid, sequence, name = spell.draw(st.booleans()), spell.draw(sequences()), spell.draw(NAMES)
    word = (b"UID " if uid else b"") + spell.word(kind.__name__.upper().encode())
    return kind(tag, sequence, name, uid), b"%b %b %b" % (word, spell.sequence(sequence), spell.mailbox(name))


def uid_expunge(spell: Speller, tag: str) -> tuple[Command, bytes]:
    sequence = spell.draw(sequences())
    return UidExpunge(tag, sequence), b"uid %b %b" % (spell.word(b"EXPUNGE"), spell.sequence(sequence))


def store(spell: Speller, tag: str) -> tuple[Command, bytes]:
    draw = spell.draw
    uid, sequence, silent = draw(st.booleans()), draw(sequences()), draw(st.booleans())
    mode, sign = draw(st.sampled_from([(StoreMode.REPLACE, b""), (StoreMode.ADD, b"+"), (StoreMode.REMOVE, b"-")]))
    flags = draw(FLAGS)
    since = draw(st.none() | NUMBERS64)
    line = (b"UID " if uid else b"") + spell.word(b"STORE") + b" " + spell.sequence(sequence)
    if since is not None:
        line += b" (%b %d)" % (spell.word(b"UNCHANGEDSINCE"), since)
    line += b" " + sign + spell.word(b"FLAGS") + (spell.word(b".SILENT") if silent else b"")
    names = spell.flag_names(flags)
    line += b" " + (b" ".join(names) if names and draw(st.booleans()) else spell.listed(names))
    return Store(tag, sequence, mode, flags, silent, uid, since), line


RULES = [
    bare, named, select, create, rename, status, list_, id_, login, authenticate, enable, copy, uid_expunge, store,
    language, comparator, compress, uid_batches, notify, fetch, fetch, search, search, multi_search, sort, thread,
    quota, metadata, acl,
]  # fmt: skip


@st.composite
def commands(draw: Draw, *, utf8: bool = False) -> Spelt:
    """Any command."""
    tag = draw(TAGS)
    spell = Speller(draw, utf8)
    command, text = draw(st.sampled_from(RULES))(spell, tag)
    return Spelt(command, b"%b %b\r\n" % (tag.encode(), text), spell.waiting)
