"""Annotations that a NOTIFY asks about, as the peer was told of them; RFC 5465 5.6, 5.7."""

from __future__ import annotations

from collections.abc import Iterable

from posthouse.core.mail.annotations import WHOLE, annotation_digests, digest_of
from posthouse.protocols.imap.commands.special_use import ENTRY
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.watching.watched import Place, Watched, asked
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.notify import NotifyEvent, NotifyGroup

_METADATA = NotifyEvent.MailboxMetadataChange | NotifyEvent.ServerMetadataChange


class Notes:
    """Digests of all entries that may be spoken of; nothing is kept when none is asked for."""

    __slots__ = ("_groups", "_known")

    def __init__(self, groups: tuple[NotifyGroup, ...]) -> None:
        self._groups = groups if any(group.events & _METADATA for group in groups) else ()
        self._known: dict[tuple[Place, str], bytes] = {}

    async def begin(self, user: User, mailboxes: Iterable[Watched]) -> None:
        """Look at what there is."""
        self._known = await self._read(user, mailboxes)

    async def tell(self, user: User, known: dict[Place, Watched]) -> None:
        """The names of the entries that have changed; the values are for GETMETADATA (RFC 5464 4.4)."""
        found = await self._read(user, known.values())
        changed: dict[Place, list[str]] = {}
        for place, entry in sorted({key for key, _ in self._known.items() ^ found.items()}):
            changed.setdefault(place, []).append(entry)
        self._known = found
        for place, entries in changed.items():
            one = known.get(place)
            if place == (user.account, WHOLE):
                if any(NotifyEvent.ServerMetadataChange in group.events for group in self._groups):
                    user.output.write(encoder.metadata_changed("", entries))
            elif one is not None and one.is_open and NotifyEvent.MailboxMetadataChange in asked(self._groups, one):
                user.output.write(encoder.metadata_changed(one.name, entries, utf8=user.dialect.utf8))

    def absorb(self, places: list[Place], changes: Iterable[tuple[str, bytes | None]]) -> None:
        """The peer changed them itself."""
        if not self._groups:
            return
        for key, value in [((place, entry), value) for place in places for entry, value in changes]:
            if value is None:
                self._known.pop(key, None)
            else:
                self._known[key] = digest_of(value)

    async def _read(self, user: User, mailboxes: Iterable[Watched]) -> dict[tuple[Place, str], bytes]:
        if not self._groups:
            return {}
        found: dict[tuple[Place, str], bytes] = {}
        accounts = {one.account for one in mailboxes if asked(self._groups, one) & _METADATA} | {user.account}
        for account in sorted(accounts):
            held = await user.store.read(annotation_digests, user.account, account)
            found |= {((account, number), entry): digest for number, entry, digest in held}
        return found


def use_lines(old: Watched, new: Watched, events: NotifyEvent, *, utf8: bool) -> list[bytes]:
    """That one's own mailbox is for something else now: /private/specialuse, which is nobody else's (RFC 6154 4)."""
    if old.mailbox.role == new.mailbox.role or not new.owned or NotifyEvent.MailboxMetadataChange not in events:
        return []
    return [encoder.metadata_changed(new.name, [ENTRY], utf8=utf8)]
