"""ESEARCH: the search of several mailboxes, none of which has to be open; RFC 7377."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posthouse.core.mail.criteria import keys
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.mailboxes import INBOX, SEPARATOR, list_mailboxes, read_mailbox
from posthouse.core.sharing.errors import NotAllowed
from posthouse.core.sharing.rights import Right
from posthouse.protocols.imap.commands.listing import known
from posthouse.protocols.imap.commands.search.answer import answer, to_be_saved
from posthouse.protocols.imap.commands.search.command import find_ranked
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import Bad
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.commands.search import MultiSearch, Source, SourceKind
from posthouse.protocols.imap.wire.search import Numbers, Return

if TYPE_CHECKING:
    from posthouse.protocols.imap.session import Session


async def multi_search(command: MultiSearch, session: Session) -> Ok:
    """Search each mailbox that the sources name, once; those that cannot be opened, or have nothing, say nothing."""
    user, view = session.user, session.view
    if user is None:
        raise Bad("Log in first")
    only_selected = {source.kind for source in command.sources} == {SourceKind.SELECTED}
    if view is None and any(source.kind is SourceKind.SELECTED for source in command.sources):
        raise Bad("Select a mailbox first")
    if not only_selected and (command.returns & Return.SAVE or keys.holds(command.key, Numbers)):
        raise Bad("Message numbers and SAVE go with the selected mailbox alone")  # RFC 7377 2.2
    searched: set[tuple[int, int]] = set()
    for source in command.sources:
        if source.kind is SourceKind.SELECTED and view is not None:
            await _search(command, view, await _called(view, user), user, searched)
        for name in await _names(source, user):
            other = await _opened(name, user)
            if other is not None:
                await _search(command, other, name, user, searched)
    return Ok("That is all")


async def _search(command: MultiSearch, view: View, name: str, user: User, searched: set[tuple[int, int]]) -> None:
    if (view.account, view.mailbox) in searched:
        return
    searched.add((view.account, view.mailbox))
    with to_be_saved(command.returns, view):
        found, relevancy = await find_ranked(command.tag, command.key, view, user)
        if found:
            await answer(command, command.returns, found, relevancy, view, user, mailbox=name)
            await user.output.drain()
        elif command.returns & Return.SAVE:
            view.saved = []


async def _opened(name: str, user: User) -> View | None:
    """A look into a mailbox; None where there is none that one may read."""
    try:
        found = await user.find(name)
        found.need(Right.READ)
        account, rights = found.account, found.rights
        refresh = user.contracts.refresher.refresh
        view = await View.open(
            user.store, account, found.name, user.dialect, rights=rights, read_only=True, refresh=refresh
        )
    except (NoSuchMailbox, NotAllowed):
        return None
    if view.account != user.account:
        view.id_mark = b"%d-" % view.account
    return view


async def _called(view: View, user: User) -> str:
    """What the selected mailbox is called now: it may have got another name since it was selected."""
    if view.account != user.account:
        return view.called
    return (await user.store.read(read_mailbox, view.account, view.mailbox)).name


async def _names(source: Source, user: User) -> list[str]:
    """The mailboxes that a source means, by name; of mail that is delivered only the inbox is known (RFC 5465 6)."""
    if source.kind is SourceKind.SELECTED:
        return []
    if source.kind is SourceKind.INBOXES:
        return [INBOX]
    if source.kind is SourceKind.MAILBOXES:
        return list(source.names)
    if source.kind is SourceKind.PERSONAL:
        return [mailbox.name for mailbox in await user.store.read(list_mailboxes, user.account)]
    listed = [one for one in await known(user) if one.mailbox is not None]
    if source.kind is SourceKind.SUBSCRIBED:
        return [one.name for one in listed if one.is_subscribed]
    found = []
    for name in source.names:
        found += [name, *[one.name for one in listed if _is_below(one.name, name, source.kind)]]
    return found


def _is_below(name: str, top: str, kind: SourceKind) -> bool:
    rest = name.removeprefix(top + SEPARATOR)
    return rest != name and (kind is SourceKind.SUBTREE or SEPARATOR not in rest)
