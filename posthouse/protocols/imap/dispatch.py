"""Which command is allowed now, and what is looked at before one is done; RFC 9051 3."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from posthouse.core.mail.criteria import keys
from posthouse.protocols.imap.commands.condstore import enables_condstore
from posthouse.protocols.imap.commands.restrictions import refuse_unspeakable
from posthouse.protocols.imap.commands.table import CONNECTION_COMMANDS, MAILBOX_COMMANDS, USER_COMMANDS
from posthouse.protocols.imap.contracts import Ok
from posthouse.protocols.imap.errors import Bad
from posthouse.protocols.imap.news import is_foreign, renew_rights
from posthouse.protocols.imap.wire.commands.append import Replace
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.mailboxes import Examine, Select, Unselect
from posthouse.protocols.imap.wire.commands.messages import Expunge, Fetch, Move, Store, UidExpunge
from posthouse.protocols.imap.wire.commands.search import MultiSearch, Search, Sort, Thread
from posthouse.protocols.imap.wire.commands.session import Logout
from posthouse.protocols.imap.wire.search import Numbers

if TYPE_CHECKING:
    from posthouse.protocols.imap.session import Session

LEAVING = frozenset({Select, Examine, Unselect, Logout})  # commands after which it does not matter what one may do
REMOVING = frozenset({Expunge, UidExpunge, Move, Replace})


async def do(command: Command, session: Session) -> Ok | None:
    """Do it; raises Bad where it is not allowed, and whatever the command raises."""
    if not session.dialect.condstore and session.user is not None and enables_condstore(command):
        session.dialect.enable("CONDSTORE")
        if session.view is not None and not isinstance(command, Select | Examine):
            session.view.tell_synced(session.channel)  # RFC 7162 3.1
    if session.dialect.uid_only or session.dialect.utf8_accepted:
        refuse_unspeakable(command, session.dialect)
    view = session.view
    if view is not None and (view.virtual or is_foreign(view, session)) and type(command) not in LEAVING:
        await renew_rights(view, session)
        await view.refresh()
    outcome = await _begun(command, session)
    if session.watch is not None and session.user is not None:
        await session.watch.absorb(command, () if outcome is None else outcome.placed, session.user)
    return outcome


def _begun(command: Command, session: Session) -> Awaitable[Ok | None]:
    """The command, to be awaited; raises Bad where it is not allowed."""
    kind = type(command)
    for_connection = CONNECTION_COMMANDS.get(kind)
    if for_connection is not None:
        return for_connection(command, session)
    if session.user is None:
        raise Bad("Log in first")
    for_user = USER_COMMANDS.get(kind)
    if for_user is not None:
        return for_user(command, session.user)
    if session.view is None:
        raise Bad("Select a mailbox first")
    return MAILBOX_COMMANDS[kind](command, session.view, session.user)


def by_number(command: Command) -> bool:
    """True where numbers must not change while the peer's own numbers are being answered.

    RFC 3501 7.4.1; RFC 7162 3.2.10.2 for UID SEARCH, and RFC 5256 3 for UID SORT, with numbers among its keys.
    """
    match command:  # isinstance would build a union of the types for each command
        case Fetch() | Store():
            return not command.uid
        case Search() | Sort() | Thread() | MultiSearch():
            return not command.uid or keys.holds(command.key, Numbers)
    return False
