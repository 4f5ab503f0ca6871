"""LIST, LSUB, NAMESPACE; RFC 9051 6.3.9, 6.3.10, RFC 3501 6.3.9, RFC 5258, RFC 5819, RFC 6154, RFC 8440, RFC 9590."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

import msgspec

from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.finding import GROUPS, OTHERS, Found, is_shared, list_shared
from posthouse.core.mail.mailboxes import (
    INBOX,
    SEPARATOR,
    Mailbox,
    by_name,
    canonical_name,
    list_mailboxes,
    mailbox_page,
)
from posthouse.core.mail.subscriptions import names_left
from posthouse.core.sharing.errors import NotAllowed
from posthouse.core.sharing.rights import ALL, Right
from posthouse.core.turns import Turn
from posthouse.protocols.imap.commands.metadata import metadata_line, told
from posthouse.protocols.imap.commands.pattern import Patterns
from posthouse.protocols.imap.commands.special_use import ATTRIBUTES
from posthouse.protocols.imap.commands.status import status_line
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.listing import List, ListReturn, ListSelect, Lsub, Namespace

MAILBOXES_PER_READ = 1000  # about 2 ms


class Listed(msgspec.Struct, frozen=True):
    """A name that LIST may show, with the mailbox that has it, if one does."""

    name: str
    mailbox: Mailbox | None
    rights: Right = ALL
    found: Found | None = None  # where the mailbox is, if that is known already
    level: bool = False  # above what others share
    left: bool = False  # subscribed to, and of no mailbox any more

    @property
    def is_subscribed(self) -> bool:
        """True when the user has subscribed to it."""
        return self.left or (self.mailbox is not None and self.mailbox.subscribed)

    def fits(self, select: ListSelect) -> bool:
        """True when it is what the selection options ask for."""
        if select & ListSelect.SUBSCRIBED and not self.is_subscribed:
            return False
        return not select & ListSelect.SPECIAL_USE or (self.mailbox is not None and self.mailbox.role in ATTRIBUTES)


async def known(user: User) -> list[Listed]:
    """All that a user may know of: his own mailboxes, then what others share, with the levels above that."""
    mine = await own_listed(user)
    turn = Turn()
    shared = []
    levels: set[str] = set()
    for seen in await user.store.read(list_shared, user.visitor):
        called = seen.mailbox.name
        name = called.split(SEPARATOR, 2)[2]  # behind the level that its owner stands at
        found = Found(seen.account, name, called, seen.rights, seen.mailbox.id)
        shared.append(Listed(called, seen.mailbox, seen.rights, found))
        levels.update(_above(called))
        await turn.share()
    await asyncio.sleep(0)
    levels.difference_update([one.name for one in mine], [one.name for one in shared])
    return mine + sorted([*shared, *[Listed(name, None, level=True) for name in levels]], key=_name)


async def own_listed(user: User) -> list[Listed]:
    """One's own mailboxes, by name."""
    turn = Turn()
    mine = []
    for mailbox in await _own(user):
        found = Found(user.account, mailbox.name, mailbox.name, ALL, mailbox.id)
        mine.append(Listed(mailbox.name, mailbox, ALL, found))
        await turn.share()
    return mine


async def _own(user: User) -> list[Mailbox]:
    """One's own mailboxes, by name, as they are at one moment; where that cannot be told a page at a time, in one."""
    page = await user.store.read(mailbox_page, user.account, 1, MAILBOXES_PER_READ)
    found, modseq = page.mailboxes, page.modseq
    while page.next:
        await asyncio.sleep(0)
        page = await user.store.read(mailbox_page, user.account, page.next, MAILBOXES_PER_READ)
        if page.modseq != modseq:
            return await user.store.read(list_mailboxes, user.account)
        found += page.mailboxes
    found.sort(key=by_name)
    return found


def _name(one: Listed) -> str:
    return one.name


async def known_subscribed(user: User) -> list[Listed]:
    """The same, with names that are subscribed to and no mailbox has (RFC 5258 3.1)."""
    found = await known(user)
    left = [Listed(name, None, left=True) for name in await user.store.read(names_left, user.account)]
    if not left:
        return found
    names = {one.name for one in left}  # one may be a level above shared mailboxes, too
    found = [one for one in found if one.name not in names]
    levels = {above for name in names for above in _above(name)} - names - {one.name for one in found}
    return sorted([*found, *left, *[Listed(name, None) for name in levels]], key=_order)


async def list_(command: List, user: User) -> Ok:
    """Mailboxes whose names match; RFC 9051 6.3.9."""
    if not command.extended and command.patterns == ("",):
        user.output.write(encoder.DELIMITER_LINE)
        return Ok("That is all")
    found = await (known_subscribed(user) if command.select & ListSelect.SUBSCRIBED else known(user))
    recursive = bool(command.select & ListSelect.RECURSIVEMATCH)
    wanted = Patterns(command.reference, command.patterns)
    parents: set[str] = set()
    fitting: set[str] = set()  # above what fits
    standing_for: set[str] = set()  # above what fits and is not shown itself
    turn = Turn()
    for one in found:
        await turn.share()
        levels = [*_above(one.name)]
        if one.mailbox is not None or one.level:
            parents.update(levels)
        if recursive and one.fits(command.select):
            fitting.update(levels)
            if not wanted.matches(one.name):
                standing_for.update(levels)
    longest = 0  # annotation that was too large to be shown
    for one in found:
        await user.output.drain()
        await turn.share()
        if not wanted.matches(one.name):
            continue
        fits = one.fits(command.select)
        if not (fits or one.name in standing_for):  # RFC 5258 3.3, 3.5
            continue
        child_info = _child_info(command.select) if one.name in fitting else []
        names = attributes(one, has_children=one.name in parents)
        if one.is_subscribed and (command.select & ListSelect.SUBSCRIBED or command.returns & ListReturn.SUBSCRIBED):
            names.append("\\Subscribed")
        user.output.write(encoder.list_line(names, one.name, utf8=user.dialect.utf8, child_info=child_info))
        if fits and one.mailbox is not None:  # RFC 5819 3: not where only something under it does
            longest = max(longest, await _show_more(one, command, user))
    return told(longest)


async def _show_more(one: Listed, command: List, user: User) -> int:
    """What LIST was asked to return of each mailbox; the size of the largest annotation that was too large."""
    if command.returns & ListReturn.MYRIGHTS:  # RFC 8440
        user.output.write(encoder.my_rights(one.name, one.rights, utf8=user.dialect.utf8))
    if not (command.status or command.metadata):
        return 0
    longest = 0
    # what went, or is not for this user, is left out: RFC 5819 2, RFC 9590 3
    if command.status and one.rights & Right.READ:
        with suppress(NoSuchMailbox, NotAllowed):
            user.output.write(await status_line(one.found or await user.find(one.name), command.status, user))
    if command.metadata is not None:
        with suppress(NoSuchMailbox, NotAllowed):
            line, longest = await metadata_line(one.found, command.metadata, user)
            user.output.write(line)
    return longest


async def lsub(command: Lsub, user: User) -> Ok:
    """Subscribed mailboxes whose names match; RFC 3501 6.3.9."""
    wanted = Patterns(command.reference, (command.pattern,))
    told = set()
    turn = Turn()
    for one in await known_subscribed(user):
        await user.output.drain()
        await turn.share()
        if not one.is_subscribed:
            continue
        if wanted.matches(one.name):
            told.add(one.name)
            names = ["\\Noselect"] if one.left else []
            user.output.write(encoder.list_line(names, one.name, utf8=user.dialect.utf8, word=b"LSUB"))
        elif command.pattern.endswith("%"):
            # RFC 3501 6.3.9: a level is shown when only something under it is subscribed
            for above in _above(one.name):
                if above not in told and wanted.matches(above):
                    told.add(above)
                    user.output.write(encoder.list_line(["\\Noselect"], above, utf8=user.dialect.utf8, word=b"LSUB"))
    return Ok("That is all")


async def namespace(command: Namespace, user: User) -> Ok:
    """One's own mailboxes, without a prefix, those of others and of groups; RFC 9051 6.3.10, RFC 2342."""
    texts = user.dialect.texts
    translated = {name + SEPARATOR: texts[name] + SEPARATOR for name in (OTHERS, GROUPS) if name in texts}
    user.output.write(encoder.namespace(OTHERS + SEPARATOR, GROUPS + SEPARATOR, translated))
    return Ok("That is all")


async def named_line(found: Found, supplied: str | None, user: User, *, subscribed: bool = False) -> bytes:
    r"""The LIST response of a mailbox that was named; RFC 9051 6.3.2, 6.3.4, 6.3.6, 6.3.7.

    `supplied` is the name as it was written where it is another; `subscribed` asks for \Subscribed.
    """
    name = canonical_name(found.called)
    listed = await known(user)
    has_children = any(one.name.startswith(name + SEPARATOR) for one in listed)
    one = next((one for one in listed if one.name == name), None)
    # what one may read and not look up is not in the list
    names = ["\\HasNoChildren"] if one is None else attributes(one, has_children=has_children)
    if subscribed and one is not None and one.is_subscribed:
        names.append("\\Subscribed")
    return encoder.list_line(names, found.called, utf8=user.dialect.utf8, old_name=supplied)


def attributes(one: Listed, *, has_children: bool) -> list[str]:
    """Name attributes; RFC 9051 7.3.1, RFC 3348, RFC 6154 2. The use is always told: Outlook goes by it."""
    names = ["\\HasChildren" if has_children else "\\HasNoChildren"]
    if one.mailbox is None:
        names.append("\\Noselect" if one.level else "\\NonExistent")
    elif not one.rights & Right.READ:
        names.append("\\Noselect")  # RFC 5819 2
    elif one.mailbox.virtual:
        names.append("\\Noinferiors")
    elif one.mailbox.role in ATTRIBUTES:
        names.append(ATTRIBUTES[one.mailbox.role])
    return names


def _child_info(select: ListSelect) -> list[str]:
    """What something under a mailbox fits; RFC 5258 3.5, RFC 6154 2."""
    options = ((ListSelect.SUBSCRIBED, "SUBSCRIBED"), (ListSelect.SPECIAL_USE, "SPECIAL-USE"))
    return [name for option, name in options if select & option]


def _order(one: Listed) -> tuple[bool, bool, str]:
    """The inbox, one's own mailboxes, what others share; each by name."""
    return one.name != INBOX, is_shared(one.name), one.name


def _above(name: str) -> Iterable[str]:
    levels = name.split(SEPARATOR)
    return (SEPARATOR.join(levels[:depth]) for depth in range(1, len(levels)))
