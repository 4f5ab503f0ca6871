"""GETMETADATA and SETMETADATA; RFC 5464. Annotations of the server are each account's own: /shared ones are none."""

from __future__ import annotations

from posthouse.core.mail.annotations import SHARED, AnnotationLimits, annotate, read_annotations
from posthouse.core.mail.finding import Found
from posthouse.core.sharing.errors import NotAllowed
from posthouse.core.sharing.rights import Right
from posthouse.protocols.imap.commands import search_folders, special_use
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import No
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.metadata import GetMetadata, MetadataWanted, SetMetadata

# RFC 5464 3.3: with these, any of them, and the right to look it up
_TOUCHING = Right.READ | Right.SEEN | Right.WRITE | Right.INSERT | Right.POST


async def get_metadata(command: GetMetadata, user: User) -> Ok:
    """Show annotations of a mailbox, or of the server."""
    found = await user.find(command.name) if command.name else None
    line, longest = await metadata_line(found, command.wanted, user)
    user.output.write(line)
    return told(longest)


async def set_metadata(command: SetMetadata, user: User) -> Ok:
    """Set or remove annotations, all or none."""
    settings = user.contracts.settings
    if any(value is not None and len(value) > settings.metadata_value_octets for _, value in command.changes):
        raise No("A value is too large", f"METADATA MAXSIZE {settings.metadata_value_octets}")
    if any(entry in search_folders.ENTRIES for entry, _ in command.changes):
        await search_folders.define(command.name, dict(command.changes), user)
        return Ok("Done")
    if any(entry == special_use.ENTRY for entry, _ in command.changes):
        await special_use.assign(command.name, dict(command.changes), user)
        return Ok("Done")
    shared = any(entry.startswith(SHARED + "/") for entry, _ in command.changes)
    account, name = user.account, None
    if command.name:
        found = await user.find(command.name)
        _check(found)
        if shared:
            found.need(Right.WRITE)
        account, name = found.account, found.name
    elif shared:
        raise No("What is said of the server to all is not for you to say", "NOPERM")
    limits = AnnotationLimits(settings.metadata_entries, settings.metadata_octets)
    await user.store.write(annotate, user.account, account, name, list(command.changes), limits)
    return Ok("Done")


async def metadata_line(found: Found | None, wanted: MetadataWanted, user: User) -> tuple[bytes, int]:
    """The METADATA response of a mailbox, or of the server for None; the size of the largest value that was too large.

    Raises NoSuchMailbox.
    """
    account: int = user.account
    mailbox: str | int | None = None
    if found is not None:
        _check(found)
        account, mailbox = found.account, found.number or found.name
    held = await user.store.read(read_annotations, user.account, account, mailbox, list(wanted.entries), wanted.depth)
    if found is not None and account == user.account:
        name = found.name
        made = [*await search_folders.entries(name, wanted, user), *await special_use.entries(name, wanted, user)]
        held = list((dict(held) | dict(made)).items())
    if wanted.depth != 0:
        held = [(entry, value) for entry, value in held if value is not None]
    most = wanted.max_size
    large = [len(value) for _, value in held if value is not None and most is not None and len(value) > most]
    if large:
        held = [(entry, value) for entry, value in held if value is None or most is None or len(value) <= most]
    if not held:
        return b"", max(large, default=0)
    called = "" if found is None else found.called
    return encoder.metadata(called, held, utf8=user.dialect.utf8), max(large, default=0)


def _check(found: Found) -> None:
    found.need(Right.LOOKUP)
    if not found.rights & _TOUCHING:
        raise NotAllowed(found.called)


def told(longest: int) -> Ok:
    """The OK that says whether something was left out; RFC 5464 4.2.1."""
    return Ok("That is all", b"METADATA LONGENTRIES %d" % longest if longest else None)
