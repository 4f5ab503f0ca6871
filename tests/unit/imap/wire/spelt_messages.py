"""Valid commands that read and change messages, each with one of its spellings."""

from __future__ import annotations

from hypothesis import strategies as st

from posthouse.formats.imap.strings import astring
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.messages import Copy, Fetch, Move, Store, StoreMode, UidExpunge
from posthouse.protocols.imap.wire.fetch import Attribute, Binary, BinarySize, FetchAttribute, Part, Preview, Section
from tests.unit.imap.wire.speller import FLAGS, NAMES, NUMBERS64, Speller, sequences


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
