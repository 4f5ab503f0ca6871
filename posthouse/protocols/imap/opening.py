"""A mailbox is opened for a session, a search folder once it is up to date; RFC 9051 6.3.2."""

from __future__ import annotations

from bisect import bisect_left

from posthouse.core.mail import reading
from posthouse.core.mail.mailboxes import claim_recent
from posthouse.core.sharing.rights import ALL, Right
from posthouse.protocols.imap.dialect import Dialect
from posthouse.protocols.imap.known_uids import KnownUids
from posthouse.protocols.imap.view import Refresh, View
from posthouse.storage.contract import Store


async def open_view(
    store: Store,
    account: int,
    name: str,
    dialect: Dialect,
    *,
    read_only: bool,
    rights: Right = ALL,
    claims: bool = True,
    known: KnownUids | None = None,
    refresh: Refresh | None = None,
    number: int = 0,
) -> View:
    r"""The mailbox of that name; its \Recent messages become this session's, if it is to claim any.

    By its `number` where that is known. Raises NoSuchMailbox.
    """
    if number:
        opened = await store.read(reading.open_numbered, account, number)
    else:
        opened = await store.read(reading.open_mailbox, account, name)
    if not opened.mailbox.virtual:
        refresh = None
    elif refresh is not None:
        await refresh(account, opened.mailbox.id)
        opened = await store.read(reading.open_numbered, account, opened.mailbox.id)
    view = View(
        store,
        account,
        opened,
        dialect,
        read_only=read_only,
        rights=rights,
        known=known,
        claims=claims,
        refresh=refresh,
    )
    if not opened.recent or not view.claims:
        return view
    # claimed first, looked at afterwards: so all that was claimed is in the view
    first = await store.write(claim_recent, account, opened.mailbox.id)
    opened = await store.read(reading.open_numbered, account, opened.mailbox.id)
    view = View(store, account, opened, dialect, read_only=False, rights=rights, known=known, refresh=refresh)
    recent = await view.numbering.present(first)
    del recent[bisect_left(recent, view.uid_next) :]
    view.recent = [(first, view.uid_next - 1)] if recent else []
    view.recent_count = len(recent)
    return view
