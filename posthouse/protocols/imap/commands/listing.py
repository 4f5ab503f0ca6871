"""LIST, LSUB, NAMESPACE; RFC 9051 6.3.9, 6.3.10, RFC 3501 6.3.9, RFC 5258, RFC 5819, RFC 6154, RFC 9590."""

from __future__ import annotations

from collections.abc import Iterable

from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.finding import Found
from posthouse.core.mail.mailboxes import SEPARATOR, Mailbox, canonical_name, list_mailboxes
from posthouse.protocols.imap.commands.metadata import metadata_line, told
from posthouse.protocols.imap.commands.pattern import Patterns
from posthouse.protocols.imap.commands.status import status_line
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands import List, ListReturn, ListSelect, Lsub, Namespace

USES = {"archive": "\\Archive", "drafts": "\\Drafts", "junk": "\\Junk", "sent": "\\Sent", "trash": "\\Trash"}


async def list_(command: List, user: User) -> Ok:
    """Mailboxes whose names match; RFC 9051 6.3.9."""
    if not command.extended and command.patterns == ("",):
        user.output.write(encoder.DELIMITER_LINE)
        return Ok("That is all")
    found = await user.store.read(list_mailboxes, user.account)
    parents = {above for mailbox in found for above in _above(mailbox.name)}
    fitting = {above for mailbox in found if _selected(mailbox, command.select) for above in _above(mailbox.name)}
    recursive = bool(command.select & ListSelect.RECURSIVEMATCH)
    wanted = Patterns(command.reference, command.patterns)
    lines = []
    longest = 0  # annotation that was too large to be shown
    for mailbox in found:
        if not wanted.matches(mailbox.name):
            continue
        child_info = _child_info(command.select) if recursive and mailbox.name in fitting else []
        if not (_selected(mailbox, command.select) or child_info):
            continue
        names = attributes(mailbox, has_children=mailbox.name in parents)
        if mailbox.subscribed and (command.select & ListSelect.SUBSCRIBED or command.returns & ListReturn.SUBSCRIBED):
            names.append("\\Subscribed")
        lines.append(encoder.list_line(names, mailbox.name, utf8=user.dialect.utf8, child_info=child_info))
        if command.status:
            lines.append(await status_line(mailbox.name, command.status, user))
        if command.metadata is not None:
            line, large = await metadata_line(mailbox.name, command.metadata, user)
            lines.append(line)
            longest = max(longest, large)
    user.output.write(b"".join(lines))
    return told(longest)


async def lsub(command: Lsub, user: User) -> Ok:
    """Subscribed mailboxes whose names match; RFC 3501 6.3.9."""
    wanted = Patterns(command.reference, (command.pattern,))
    lines = []
    told = set()
    for mailbox in await user.store.read(list_mailboxes, user.account):
        if not mailbox.subscribed:
            continue
        if wanted.matches(mailbox.name):
            told.add(mailbox.name)
            lines.append(encoder.list_line([], mailbox.name, utf8=user.dialect.utf8, word=b"LSUB"))
        elif command.pattern.endswith("%"):
            # RFC 3501 6.3.9: a level is shown when only something under it is subscribed
            for above in _above(mailbox.name):
                if above not in told and wanted.matches(above):
                    told.add(above)
                    lines.append(encoder.list_line(["\\Noselect"], above, utf8=user.dialect.utf8, word=b"LSUB"))
    user.output.write(b"".join(lines))
    return Ok("That is all")


async def namespace(command: Namespace, user: User) -> Ok:
    """One's own mailboxes, without a prefix; RFC 9051 6.3.10, RFC 2342."""
    user.output.write(encoder.namespace())
    return Ok("That is all")


async def selected_line(found: Found, supplied: str | None, user: User) -> bytes:
    """The LIST response of a mailbox that is selected; RFC 9051 6.3.2."""
    mailboxes = {mailbox.name: mailbox for mailbox in await user.store.read(list_mailboxes, found.account)}
    mailbox = mailboxes.get(canonical_name(found.name))
    if mailbox is None:
        raise NoSuchMailbox(found.called)
    below = mailbox.name + SEPARATOR
    names = attributes(mailbox, has_children=any(name.startswith(below) for name in mailboxes))
    return encoder.list_line(names, found.called, utf8=user.dialect.utf8, old_name=supplied)


def attributes(mailbox: Mailbox, *, has_children: bool) -> list[str]:
    """Name attributes; RFC 9051 7.3.1, RFC 3348, RFC 6154 2. The use is always told: Outlook goes by it."""
    names = ["\\HasChildren" if has_children else "\\HasNoChildren"]
    if mailbox.role in USES:
        names.append(USES[mailbox.role])
    return names


def _selected(mailbox: Mailbox, select: ListSelect) -> bool:
    if select & ListSelect.SUBSCRIBED and not mailbox.subscribed:
        return False
    return not select & ListSelect.SPECIAL_USE or mailbox.role in USES


def _child_info(select: ListSelect) -> list[str]:
    """What something under a mailbox fits; RFC 5258 3.5, RFC 6154 2."""
    options = ((ListSelect.SUBSCRIBED, "SUBSCRIBED"), (ListSelect.SPECIAL_USE, "SPECIAL-USE"))
    return [name for option, name in options if select & option]


def _above(name: str) -> Iterable[str]:
    levels = name.split(SEPARATOR)
    return (SEPARATOR.join(levels[:depth]) for depth in range(1, len(levels)))
