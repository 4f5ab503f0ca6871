"""Commands by which a peer says that it knows mod-sequences; RFC 7162 3.1."""

from __future__ import annotations

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
    match command:
        case Fetch():
            return command.changed_since is not None or Attribute.MODSEQ in command.attributes
        case Store():
            return command.unchanged_since is not None
        case Search() | Sort() | Thread() | MultiSearch():
            return keys.holds(command.key, ModSeq)
        case Select() | Examine():
            return command.condstore
        case Status():
            return StatusItem.HIGHESTMODSEQ in command.items
        case List():
            return StatusItem.HIGHESTMODSEQ in command.status
    return False
