"""NOTIFY; RFC 5465 8."""

from __future__ import annotations

import functools
import operator

from posthouse.protocols.imap.wire.commands.session import Notify
from posthouse.protocols.imap.wire.fetch import Attribute, FetchAttribute
from posthouse.protocols.imap.wire.fetch_grammar import fetch_attribute
from posthouse.protocols.imap.wire.notify import MESSAGE_EVENTS, NO_EVENT, NotifyEvent, NotifyFilter, NotifyGroup
from posthouse.protocols.imap.wire.reader import Expected, Reader

_FILTERS: dict[bytes, NotifyFilter] = {one.value: one for one in NotifyFilter}
_EVENTS: dict[bytes, NotifyEvent] = {one.name.upper().encode(): one for one in NotifyEvent if one.name}
_NEW_AND_GONE = NotifyEvent.MessageNew | NotifyEvent.MessageExpunge


def notify(reader: Reader, tag: str) -> Notify:
    """`"NOTIFY" SP ("SET" [SP "STATUS"] SP event-group *(SP event-group) / "NONE")`."""
    reader.sp()
    form = reader.word("SET or NONE")
    if form == b"NONE":
        reader.end()
        return Notify(tag, ())
    if form != b"SET":
        raise Expected("expected SET or NONE")
    reader.sp()
    status = False
    if not reader.text.startswith(b"(", reader.at):
        if reader.word("STATUS or a list of events") != b"STATUS":
            raise Expected("expected STATUS or a list of events")
        status = True
        reader.sp()
    groups = reader.rest(lambda: _group(reader))
    if sum(1 for group in groups if group.filter.is_selected) > 1:
        raise Expected("expected SELECTED or SELECTED-DELAYED once")  # RFC 5465 6.1
    return Notify(tag, tuple(groups), status)


def _group(reader: Reader) -> NotifyGroup:
    reader.expect(b"(")
    word = reader.word("which mailboxes")
    kind = _FILTERS.get(word)
    if kind is None:
        raise Expected(f"expected mailboxes: one of {b', '.join(_FILTERS).decode()}")
    names: tuple[str, ...] = ()
    reader.sp()
    if kind in (NotifyFilter.SUBTREE, NotifyFilter.MAILBOXES):
        several = reader.text.startswith(b"(", reader.at)
        names = tuple(reader.listed(reader.mailbox)) if several else (reader.mailbox(),)
        reader.sp()
    if not reader.text.startswith(b"(", reader.at):
        if reader.word("a list of events or NONE") != b"NONE":
            raise reader.expected("a list of events or NONE")
        reader.expect(b")")
        return NotifyGroup(kind, names, NO_EVENT)
    attributes: list[FetchAttribute] = []
    listed = reader.listed(lambda: _event(reader, attributes))
    reader.expect(b")")
    return _checked(NotifyGroup(kind, names, functools.reduce(operator.or_, listed), tuple(attributes)))


def _event(reader: Reader, attributes: list[FetchAttribute]) -> NotifyEvent:
    name = reader.word("an event")
    event = _EVENTS.get(name)
    if event is None:
        # RFC 5465 3.1: not a BAD
        known = " ".join(one.name for one in NotifyEvent if one.name)
        raise Expected("there is no such event here", f"BADEVENT ({known})")
    if event is NotifyEvent.MessageNew and reader.sp_then(b"("):
        reader.at -= 1
        attributes += dict.fromkeys(reader.listed(lambda: fetch_attribute(reader)))
        if Attribute.UID not in attributes:
            attributes.insert(0, Attribute.UID)
    return event


def _checked(group: NotifyGroup) -> NotifyGroup:
    """RFC 5465 5, 6.1 and 8: what goes with what."""
    events = group.events
    if events & MESSAGE_EVENTS and events & _NEW_AND_GONE != _NEW_AND_GONE:
        raise Expected("MessageNew and MessageExpunge go together, and with FlagChange")
    if group.filter.is_selected and events & ~MESSAGE_EVENTS:
        raise Expected("of the selected mailbox only messages are told")
    if group.attributes and not group.filter.is_selected:
        raise Expected("attributes go with the selected mailbox")
    return group
