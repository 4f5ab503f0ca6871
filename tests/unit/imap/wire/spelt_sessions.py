"""Valid commands about the session itself, each with one of its spellings."""

from __future__ import annotations

import base64
import functools
import operator

from hypothesis import strategies as st

from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.listing import Namespace
from posthouse.protocols.imap.wire.commands.mailboxes import Close, Unselect
from posthouse.protocols.imap.wire.commands.messages import Expunge
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
from posthouse.protocols.imap.wire.fetch import Attribute, FetchAttribute
from posthouse.protocols.imap.wire.notify import NotifyEvent, NotifyFilter, NotifyGroup
from tests.unit.imap.wire.speller import ATOMS, NAMES, Speller


def bare(spell: Speller, tag: str) -> tuple[Command, bytes]:
    kinds = [Capability, Noop, Logout, StartTls, Namespace, Idle, Check, Close, Unselect, Expunge, Unauthenticate]
    kind = spell.draw(st.sampled_from(kinds))
    return kind(tag), spell.word(kind.__name__.upper().encode())


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
