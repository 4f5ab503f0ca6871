"""What others did, as one session's peer hears of it: with its commands, while it idles, and by NOTIFY."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from posthouse.core.mail.errors import TooManyMailboxes
from posthouse.core.mail.finding import rights_on
from posthouse.core.mail.search_folders.pending import next_due
from posthouse.protocols.imap.commands.fetch.command import show_new
from posthouse.protocols.imap.commands.idle import Idling
from posthouse.protocols.imap.errors import ViewLost
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.watching.watch import Watch
from posthouse.storage.contract import StoreUnavailable

if TYPE_CHECKING:
    from posthouse.protocols.imap.session import Session

DAY_SECONDS = 86_400.0


async def catch_up(view: View, session: Session, *, expunges: bool) -> None:
    """Tell what others did in the open mailbox; where it is lost the session ends."""
    try:
        if view.foreign:
            await renew_rights(view, session)
        watch = session.watch
        arrived = await view.catch_up(session.channel, expunges=expunges, flags=watch is None or watch.tells_flags)
        if arrived and watch is not None and watch.wanted and session.user is not None:
            await show_new(watch.others_of(arrived, view), watch.wanted, view, session.user)
    except ViewLost as lost:
        session.say_bye(str(lost))
    except StoreUnavailable:
        # what changed will be told when the store is back; till then no newer change has made up for it
        if session.dialect.condstore:
            view.tell_synced(session.channel)


async def tell_idling(idling: Idling, view: View, session: Session) -> None:
    """There is something new in the open mailbox, of which IDLE tells."""
    idling.news = False
    await catch_up(view, session, expunges=True)
    view.let_go(session.contracts.settings.kept_uids)
    if view.virtual and not session.ended:
        idling.remind(await _seconds_until_due(view, session))


async def tell_watched(watch: Watch, session: Session) -> bool:
    """Tell what NOTIFY asked for, between commands; False when there is nothing new."""
    user = session.user
    if user is None or not watch.news or session.incoming is not None:
        return False
    watch.news = False
    view = session.view
    if view is not None and watch.follows_view:
        await catch_up(view, session, expunges=watch.tells_gone or session.idling is not None)
        view.let_go(session.contracts.settings.kept_uids)
    try:
        await watch.tell(user, None if view is None else (view.account, view.mailbox))
    except TooManyMailboxes:
        watch.end()
        session.watch = Watch((), session.wake)  # RFC 5465 5.8: as after NOTIFY NONE
        text = "There are too many mailboxes to watch"
        session.channel.write(session.dialect.say("*", "OK", text, b"NOTIFICATIONOVERFLOW"))
    except StoreUnavailable:
        pass  # what was kept is older now, so that it will be told with the next notice
    await session.channel.drain()
    return True


async def renew_rights(view: View, session: Session) -> None:
    """What one may do with another's mailbox may have changed; raises ViewLost when one may not read it now."""
    user = session.user
    if user is not None and view.foreign:
        rights = await user.store.read(rights_on, user.visitor, view.account, view.mailbox)
        view.renew(rights, session.channel)


async def _seconds_until_due(view: View, session: Session) -> float | None:
    """Until a search folder may show something else because time has gone; None for never."""
    with suppress(StoreUnavailable):
        due = await view.store.read(next_due, view.account, view.mailbox)
        if due is not None:
            return min(max(0, due - session.contracts.now()) / 1000, DAY_SECONDS)
    return None
