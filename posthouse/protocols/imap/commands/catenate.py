"""Parts of messages that stand here already, as pieces of a new one; RFC 4469 3."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog

from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.mailboxes import SEPARATOR
from posthouse.core.mail.messages import Column, bodies, some_rows
from posthouse.core.mail.octets import Octets
from posthouse.core.mail.reading import open_mailbox
from posthouse.core.sharing.errors import NotAllowed
from posthouse.core.sharing.rights import Right
from posthouse.formats.imap.parts import decode_parts
from posthouse.protocols.imap.commands.fetch.sections import chosen_fields, partial_of, span_of
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.errors import No
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.fetch import Part
from posthouse.protocols.imap.wire.url import MessageUrl, parse_url
from posthouse.storage.blobs.contract import BlobDamaged

log = structlog.get_logger()


async def named_octets(url: bytes, view: View | None, user: User) -> AsyncGenerator[bytes, None]:
    """The octets that a URL names, in pieces; raises No (BADURL) when it leads nowhere."""
    try:
        found = parse_url(url, user.contracts.settings.wire)
        account, mailbox = await _mailbox(found, view, user)
    except (ValueError, NoSuchMailbox, NotAllowed):
        raise bad_url(url) from None
    rows = await user.store.read(some_rows, account, mailbox, [found.uid], Column.STRUCTURE)
    places = await user.store.read(bodies, account, [row.message for row in rows])
    if not places or places[0] is None:
        raise bad_url(url)
    octets = Octets(places[0], user.contracts.blobs)
    outline = None if rows[0].structure is None else decode_parts(rows[0].structure.parts)
    span = span_of(found.section, outline, octets.size)
    if span is None:
        raise bad_url(url)
    try:
        if found.section.part in (Part.HEADER_FIELDS, Part.HEADER_FIELDS_NOT):
            fields = chosen_fields(await octets.read(*span), found.section)
            start, stop = partial_of((0, len(fields)), found.section.partial)
            yield fields[start:stop]
            return
        async with aclosing(octets.pieces(*partial_of(span, found.section.partial))) as pieces:
            async for piece in pieces:
                yield piece
                await asyncio.sleep(0)
    except BlobDamaged as damage:
        log.error("a message cannot be read", damage=damage.args)
        raise bad_url(url) from None


async def _mailbox(url: MessageUrl, view: View | None, user: User) -> tuple[int, int]:
    """The account and the number of the mailbox that it names."""
    if url.mailbox is None:
        if view is None:
            raise ValueError("nothing is selected that it could be relative to")
        return view.account, view.mailbox
    found = await user.find(_beside(url.mailbox, view, user) if url.beside else url.mailbox)
    found.need(Right.READ)
    mailbox = (await user.store.read(open_mailbox, found.account, found.name)).mailbox
    if url.uid_validity not in (None, mailbox.uid_validity):
        raise ValueError("UIDs are others by now")
    return found.account, mailbox.id


def _beside(name: str, view: View | None, user: User) -> str:
    """The name on the level of the selected mailbox, or at the top when none is."""
    if view is None:
        return name
    if view.foreign:
        raise ValueError("what it is relative to has another name for its owner")
    level = view.called.rpartition(SEPARATOR)[0]
    return f"{level}{SEPARATOR}{name}" if level else name


def bad_url(url: bytes) -> No:
    """What a URL that leads nowhere is answered; RFC 4469 4. Octets that a response code may not have are escaped."""
    shown = "".join(chr(octet) if 0x20 < octet < 0x7F and octet != 0x5D else f"%{octet:02X}" for octet in url[:1000])
    return No("Nothing is there", f"BADURL {shown}")
