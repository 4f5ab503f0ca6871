"""Which command is allowed now, and what is looked at before one is done; RFC 9051 3."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from posthouse.core.mail.criteria import keys
from posthouse.protocols.imap.commands.condstore import enables_condstore
from posthouse.protocols.imap.commands.restrictions import refuse_unspeakable
from posthouse.protocols.imap.commands.table import CONNECTION_COMMANDS, MAILBOX_COMMANDS, USER_COMMANDS
from posthouse.protocols.imap.contracts import Ok
from posthouse.protocols.imap.errors import Bad
from posthouse.protocols.imap.news import renew_rights
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
    dialect = session.dialect
    if not dialect.condstore and enables_condstore(command) and session.user is not None:
        dialect.enable("CONDSTORE")
        if session.view is not None and not isinstance(command, Select | Examine):
            session.view.tell_synced(session.channel)  # RFC 7162 3.1
    if dialect.uid_only or dialect.utf8_accepted:
        refuse_unspeakable(command, dialect)
    view = session.view
    if view is not None and (view.virtual or view.foreign) and type(command) not in LEAVING:
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
    user, view = session.user, session.view
    if user is None:
        raise Bad("Log in first")
    on_mailbox = MAILBOX_COMMANDS.get(kind)
    if on_mailbox is None:
        return USER_COMMANDS[kind](command, user)
    if view is None:
        raise Bad("Select a mailbox first")
    return on_mailbox(command, view, user)


def by_number(command: Command) -> bool:
    """True where numbers must not change while the peer's own numbers are being answered.

    RFC 3501 7.4.1; RFC 7162 3.2.10.2 for UID SEARCH, and RFC 5256 3 for UID SORT, with numbers among its keys.
    """
    rule = _BY_NUMBER.get(type(command))
    return rule is not None and rule(command)


def _unless_uid(command: Fetch | Store) -> bool:
    return not command.uid


def _by_keys(command: Search | Sort | Thread | MultiSearch) -> bool:
    return not command.uid or keys.holds(command.key, Numbers)


_BY_NUMBER: dict[type[Command], Callable[[Any], bool]] = {
    Fetch: _unless_uid,
    Store: _unless_uid,
    Search: _by_keys,
    Sort: _by_keys,
    Thread: _by_keys,
    MultiSearch: _by_keys,
}
