"""Commands by which a peer says that it knows mod-sequences; RFC 7162 3.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from posthouse.core.mail.criteria import keys
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.listing import List, Status, StatusItem
from posthouse.protocols.imap.wire.commands.mailboxes import Examine, Select
from posthouse.protocols.imap.wire.commands.messages import Fetch, Store
from posthouse.protocols.imap.wire.commands.search import MultiSearch, Search, Sort, Thread
from posthouse.protocols.imap.wire.fetch import Attribute
from posthouse.protocols.imap.wire.search import ModSeq


def enables_condstore(command: Command) -> bool:
    """True for a CONDSTORE enabling command; ENABLE itself is not among them, it says what it enables."""
    rule = _RULES.get(type(command))
    return rule is not None and rule(command)


def _fetch(command: Fetch) -> bool:
    return command.changed_since is not None or Attribute.MODSEQ in command.attributes


def _search(command: Search | Sort | Thread | MultiSearch) -> bool:
    return keys.holds(command.key, ModSeq)


def _select(command: Select | Examine) -> bool:
    return command.condstore


_RULES: dict[type[Command], Callable[[Any], bool]] = {
    Fetch: _fetch,
    Store: lambda command: command.unchanged_since is not None,
    Search: _search,
    Sort: _search,
    Thread: _search,
    MultiSearch: _search,
    Select: _select,
    Examine: _select,
    Status: lambda command: StatusItem.HIGHESTMODSEQ in command.items,
    List: lambda command: StatusItem.HIGHESTMODSEQ in command.status,
}
