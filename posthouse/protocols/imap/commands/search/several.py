"""ESEARCH: the search of several mailboxes, none of which has to be open; RFC 7377."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING

from posthouse.core.mail.criteria import keys
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.finding import Found
from posthouse.core.mail.mailboxes import INBOX, SEPARATOR, read_mailbox
from posthouse.core.sharing.errors import NotAllowed
from posthouse.core.sharing.rights import Right
from posthouse.core.turns import Turn
from posthouse.protocols.imap.commands.listing import Listed, known, own_listed
from posthouse.protocols.imap.commands.search.answer import answer, to_be_saved
from posthouse.protocols.imap.commands.search.command import find_ranked
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import Bad
from posthouse.protocols.imap.opening import open_view
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
    turn = Turn()
    for source in command.sources:
        if source.kind is SourceKind.SELECTED and view is not None:
            await _search(command, view, await _called(view, user), user, searched)
        async for found in _meant(source, user):
            await turn.share()
            other = await _opened(found, user)
            if other is not None:
                await _search(command, other, found.called, user, searched)
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


async def _opened(found: Found, user: User) -> View | None:
    """A look into a mailbox; None where there is none that one may read."""
    try:
        found.need(Right.READ)
        view = await open_view(
            user.store,
            found.account,
            found.name,
            user.dialect,
            rights=found.rights,
            read_only=True,
            refresh=user.contracts.refresher.refresh,
            number=found.number,
        )
    except (NoSuchMailbox, NotAllowed):
        return None
    view.shown_to(user.account)
    return view


async def _called(view: View, user: User) -> str:
    """What the selected mailbox is called now: it may have got another name since it was selected."""
    if view.foreign:
        return view.called
    return (await user.store.read(read_mailbox, view.account, view.mailbox)).name


async def _meant(source: Source, user: User) -> AsyncIterator[Found]:
    """The mailboxes that a source means; of mail that is delivered only the inbox is known (RFC 5465 6)."""
    turn = Turn()
    listed: list[Listed] = []
    if source.kind is SourceKind.PERSONAL:
        listed = await own_listed(user)
    elif source.kind in (SourceKind.SUBSCRIBED, SourceKind.SUBTREE, SourceKind.SUBTREE_ONE):
        listed = await known(user)
    if source.kind in (SourceKind.PERSONAL, SourceKind.SUBSCRIBED):
        for one in listed:
            if one.found is not None and (one.is_subscribed or source.kind is SourceKind.PERSONAL):
                yield one.found
        return
    for name in (INBOX,) if source.kind is SourceKind.INBOXES else source.names:
        with suppress(NoSuchMailbox):
            yield await user.find(name)
        for one in listed:
            await turn.share()
            if one.found is not None and _is_below(one.name, name, source.kind):
                yield one.found


def _is_below(name: str, top: str, kind: SourceKind) -> bool:
    rest = name.removeprefix(top + SEPARATOR)
    return rest != name and (kind is SourceKind.SUBTREE or SEPARATOR not in rest)
