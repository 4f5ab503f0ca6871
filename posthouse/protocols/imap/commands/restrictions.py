"""What a peer may no longer say once it has enabled an extension; RFC 9586 3, RFC 6855 3."""

from __future__ import annotations

from posthouse.core.mail.criteria.keys import leaves
from posthouse.protocols.imap.dialect import Dialect
from posthouse.protocols.imap.errors import Bad
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.mailboxes import Examine, Select
from posthouse.protocols.imap.wire.commands.search import Search
from posthouse.protocols.imap.wire.search import Numbers


def refuse_unspeakable(command: Command, dialect: Dialect) -> None:
    """Raise Bad for message numbers with UIDONLY, and for a charset where all is UTF-8."""
    if dialect.uid_only and _names_numbers(command):
        raise Bad("Messages are named by UID only", "UIDREQUIRED")
    if dialect.utf8_accepted and isinstance(command, Search) and command.charset is not None:
        raise Bad("The charset is UTF-8")


def _names_numbers(command: Command) -> bool:
    if getattr(command, "uid", True) is False:  # FETCH, STORE, SEARCH, COPY and so on, which have a UID form
        return True
    if isinstance(command, Select | Examine):
        return command.qresync is not None and command.qresync.known_numbers is not None
    key = getattr(command, "key", None)
    return key is not None and any(isinstance(leaf, Numbers) and not leaf.sequence.saved for leaf in leaves(key))
