"""Valid commands about mailboxes, each with one of its spellings."""

from __future__ import annotations

from hypothesis import strategies as st

from posthouse.core.sharing.rights import parse_rights
from posthouse.protocols.imap.wire.commands.acl import DeleteAcl, GetAcl, ListRights, MyRights, SetAcl
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.listing import List, ListReturn, ListSelect, Lsub, Status, StatusItem
from posthouse.protocols.imap.wire.commands.mailboxes import (
    Create,
    Delete,
    Examine,
    QResync,
    Rename,
    Select,
    Subscribe,
    Unsubscribe,
)
from posthouse.protocols.imap.wire.commands.metadata import GetMetadata, MetadataWanted, SetMetadata
from posthouse.protocols.imap.wire.commands.quota import GetQuota, GetQuotaRoot, SetQuota
from tests.unit.imap.wire.speller import NAMES, NUMBERS, NUMBERS64, Speller, ascending


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
