"""What the peer of a NOTIFY did itself: it is no news to it, so what is kept is brought up to date; RFC 5465 5."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import msgspec

from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.mailboxes import SEPARATOR, list_mailboxes, read_mailbox
from posthouse.protocols.imap import mailbox_log
from posthouse.protocols.imap.commands.special_use import ENTRY, use_of
from posthouse.protocols.imap.contracts import Placed, User
from posthouse.protocols.imap.watching.watched import Place, Watched, called, read_others
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.mailboxes import Create, Delete, Rename, Subscribe, Unsubscribe
from posthouse.protocols.imap.wire.commands.metadata import SetMetadata
from posthouse.storage.ranges import count, merge


def named(name: str, known: dict[Place, Watched]) -> list[Watched]:
    """The mailbox that the peer calls so, if it is known."""
    wanted = called(name)
    return [one for one in known.values() if one.name == wanted]


async def absorb_names(command: Command, known: dict[Place, Watched], user: User, *, others: bool) -> None:
    """The command made, renamed, removed, subscribed to a mailbox; `others` when what others share is known, too."""
    if isinstance(command, Create):
        await _absorb_new(command.name.removesuffix(SEPARATOR), known, user, others=others)
    elif isinstance(command, Rename):
        old, new = called(command.old), called(command.new)
        for one in list(known.values()):
            if one.name == old or one.name.startswith(old + SEPARATOR):
                _rewrite(one, known, name=new + one.name[len(old) :])
        await _absorb_new(command.new, known, user, others=others)
    elif isinstance(command, Delete):
        for one in named(command.name, known):
            del known[one.place]
    elif isinstance(command, Subscribe | Unsubscribe):
        for one in named(command.name, known):
            _rewrite(one, known, subscribed=isinstance(command, Subscribe))


def absorb_use(command: SetMetadata, known: dict[Place, Watched]) -> None:
    """The command may say what one of the peer's own mailboxes is for; the answer told of those that lost that use."""
    changes = dict(command.changes)
    if ENTRY not in changes:
        return
    use = use_of(changes[ENTRY])
    meant = [one.place for one in named(command.name, known)]
    for one in [one for one in known.values() if one.owned]:
        if one.place in meant:
            _rewrite(one, known, role=use)
        elif use is not None and one.mailbox.role == use:
            _rewrite(one, known, role=None)


async def absorb_placed(placed: Iterable[Placed], known: dict[Place, Watched], user: User) -> None:
    """The peer put these there. Where anything else happened to a mailbox, all of it is told instead."""
    for each in placed:
        for one in list(known.values()):
            if (one.account, one.mailbox.uid_validity) == (each.account, each.uid_validity):
                with suppress(NoSuchMailbox):
                    await _absorb_messages(each, one, known, user)


async def _absorb_messages(placed: Placed, one: Watched, known: dict[Place, Watched], user: User) -> None:
    old, store = one.mailbox, user.store
    changes = await mailbox_log.changes(store, one.account, old.id, old.modseq)
    now = await store.read(read_mailbox, one.account, old.id)
    uids = merge(placed.uids)
    alone = changes.complete and merge(changes.created) == uids and not changes.updated and not changes.vanished
    if alone and now.modseq <= changes.modseq and now.exists == old.exists + count(uids):
        _rewrite(one, known, uid_next=now.uid_next, exists=now.exists, unseen=now.unseen, modseq=now.modseq)


async def _absorb_new(name: str, known: dict[Place, Watched], user: User, *, others: bool) -> None:
    """A mailbox that the peer made, and those above it; messages that are in it already are still to be told."""
    levels = called(name).split(SEPARATOR)
    names = {SEPARATOR.join(levels[:depth]) for depth in range(1, len(levels) + 1)}
    own = [Watched(user.account, one) for one in await user.store.read(list_mailboxes, user.account)]
    shared = await read_others(user) if others else {}
    for one in [*own, *shared.values()]:
        if one.name in names and one.place not in known:
            _rewrite(one, known, uid_next=1, exists=0, unseen=0)


def _rewrite(one: Watched, known: dict[Place, Watched], **changes: object) -> None:
    known[one.place] = msgspec.structs.replace(one, mailbox=msgspec.structs.replace(one.mailbox, **changes))
