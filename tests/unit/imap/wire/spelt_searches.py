"""Valid SEARCH, SORT, THREAD and their kin, each with one of their spellings."""

from __future__ import annotations

from hypothesis import strategies as st

from posthouse.core.mail.criteria import keys as s
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.search import (
    MultiSearch,
    Search,
    Sort,
    Source,
    SourceKind,
    Thread,
    UidBatches,
)
from posthouse.protocols.imap.wire.flags import SYSTEM_FLAGS
from posthouse.protocols.imap.wire.search import IsRecent, ModSeq, Numbers, Return, Uids
from posthouse.protocols.imap.wire.search_tree import either_of
from posthouse.protocols.imap.wire.sort import Criterion, SortKey, Threading
from tests.unit.imap.wire.speller import ATOMS, DATES, NAMES, NUMBERS, NUMBERS64, Speller, sequences


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


def uid_batches(spell: Speller, tag: str) -> tuple[Command, bytes]:
    size, wanted = spell.draw(NUMBERS), spell.draw(st.none() | st.tuples(st.integers(1, 9), st.integers(9, 20)))
    line = b"%b %d" % (spell.word(b"UIDBATCHES"), size)
    return UidBatches(tag, size, wanted), line if wanted is None else line + b" %d:%d" % wanted
