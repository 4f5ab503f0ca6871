"""What NOTIFY tells of the names of mailboxes; RFC 5465 5.4, 5.5, 5.9."""

from __future__ import annotations

from posthouse.core.mail.mailboxes import SEPARATOR
from posthouse.protocols.imap.commands.listing import Listed, attributes
from posthouse.protocols.imap.watching.watched import Place, Watched, asked, asked_of_level, events_of
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.notify import NotifyEvent, NotifyGroup


class Names:
    """The mailboxes as they are `known` now, and what the groups of a NOTIFY ask of them."""

    __slots__ = ("_groups", "_known", "_utf8")

    def __init__(self, groups: tuple[NotifyGroup, ...], known: dict[Place, Watched], *, utf8: bool) -> None:
        self._groups = groups
        self._known = known
        self._utf8 = utf8

    def lines(self, before: dict[Place, Watched | None]) -> list[bytes]:
        """MailboxName and SubscriptionChange, and rights that came or went; RFC 5465 5.4, 5.5, 5.9."""
        shown: dict[str, bytes] = {}
        for place, old in sorted(before.items()):
            new = self._known.get(place)
            if new is None:
                if old is not None:
                    self._show_gone(old, shown)
            elif not new.is_open:
                if self._asks(new) and (old is None or old.is_open):
                    shown[new.name] = self.closed_line(new)
            elif old is None:
                if self._tells(NotifyEvent.MailboxName, new):
                    shown[new.name] = self._list_line(new)
                    self._show_parent(new, shown)
            elif not old.is_open:
                if self._asks(new):
                    shown[new.name] = self._list_line(new)
            elif old.name != new.name:
                if self._tells(NotifyEvent.MailboxName, old, new) and not self._went_along(old, new, before):
                    shown[new.name] = self._list_line(new, old_name=old.name)
            elif old.mailbox.subscribed != new.mailbox.subscribed and self._tells(
                NotifyEvent.SubscriptionChange, old, new
            ):
                shown[new.name] = self._list_line(new)
        return list(shown.values())

    def closed_line(self, one: Watched) -> bytes:
        """It is there, but may not be read."""
        return encoder.list_line([*self._attributes(one), "\\NoAccess"], one.name, utf8=self._utf8)

    def _show_gone(self, old: Watched, shown: dict[str, bytes]) -> None:
        """It was deleted, or may not be known of any more, which is to look the same."""
        if self._tells(NotifyEvent.MailboxName, old):
            shown[old.name] = encoder.list_line(["\\NonExistent"], old.name, utf8=self._utf8)
            self._show_parent(old, shown)
        elif not old.owned and old.is_open and self._asks(old):
            shown[old.name] = encoder.list_line(["\\NoAccess"], old.name, utf8=self._utf8)

    def _show_parent(self, one: Watched, shown: dict[str, bytes]) -> None:
        """RFC 5465 5.4: the one above is affected too, whether it is a mailbox or not."""
        name = one.name.rpartition(SEPARATOR)[0]
        if not name or name in shown:
            return
        parent = next((other for other in self._known.values() if other.name == name), None)
        if parent is not None:
            if self._tells(NotifyEvent.MailboxName, parent):
                shown[name] = self._list_line(parent)
        elif NotifyEvent.MailboxName in asked_of_level(self._groups, name):
            children = self._has_children(name)
            names = attributes(Listed(name, None, level=True), has_children=True) if children else ["\\NonExistent"]
            shown[name] = encoder.list_line(names, name, utf8=self._utf8)

    def _list_line(self, one: Watched, old_name: str | None = None) -> bytes:
        names = self._attributes(one)
        if one.mailbox.subscribed:
            names.append("\\Subscribed")
        return encoder.list_line(names, one.name, utf8=self._utf8, old_name=old_name)

    def _attributes(self, one: Watched) -> list[str]:
        return attributes(Listed(one.name, one.mailbox, one.rights), has_children=self._has_children(one.name))

    def _has_children(self, name: str) -> bool:
        below = name + SEPARATOR
        return any(one.name.startswith(below) for one in self._known.values())

    def _went_along(self, old: Watched, new: Watched, before: dict[Place, Watched | None]) -> bool:
        """True when a mailbox above was renamed and this one only with it; RFC 5465 5.4."""
        for place, above in before.items():
            if above is None or place == old.place or not old.name.startswith(above.name + SEPARATOR):
                continue
            now = self._known.get(place)
            if now is not None and now.name != above.name and new.name == now.name + old.name[len(above.name) :]:
                return True
        return False

    def _asks(self, one: Watched) -> bool:
        return bool(asked(self._groups, one))

    def _tells(self, event: NotifyEvent, *several: Watched) -> bool:
        return any(event in events_of(self._groups, one, None) for one in several)
