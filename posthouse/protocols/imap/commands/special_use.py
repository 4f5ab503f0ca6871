"""What a mailbox is for, as an annotation: /private/specialuse, which changes it; RFC 6154 4."""

from __future__ import annotations

from posthouse.core.mail.mailboxes import find_mailbox
from posthouse.core.mail.uses import USES, assign_use
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.errors import No
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.metadata import MetadataWanted

ENTRY = "/private/specialuse"
ATTRIBUTES = {"archive": "\\Archive", "drafts": "\\Drafts", "junk": "\\Junk", "sent": "\\Sent", "trash": "\\Trash"}


async def assign(name: str, changes: dict[str, bytes | None], user: User) -> None:
    """Set or remove the use, telling whose it was; raises No, and as `assign_use`."""
    if len(changes) > 1:
        raise No("A use is set alone, without other annotations", "CANNOT")
    found = await user.find(name)
    if not name or found.account != user.account:
        raise No("Only one's own mailboxes have a use", "USEATTR")
    lost = await user.store.write(assign_use, user.account, found.name, use_of(changes[ENTRY]))
    lines = [encoder.metadata(loser, [(ENTRY, None)], utf8=user.dialect.utf8) for loser in lost]
    user.output.write(b"".join(lines))


async def entries(name: str, wanted: MetadataWanted, user: User) -> list[tuple[str, bytes | None]]:
    """That annotation of one's own mailbox, where it is asked for; raises NoSuchMailbox."""
    if not wanted.asks(ENTRY):
        return []
    role = (await user.store.read(find_mailbox, user.account, name)).role
    use = ATTRIBUTES.get(role) if role else None
    return [(ENTRY, use.encode() if use else None)]


def use_of(value: bytes | None) -> str | None:
    """The use that the annotation names, None for none; raises No for one that is not known."""
    if not value:
        return None
    use = value.decode("ascii", "replace").lower()
    if not use.startswith("\\") or use[1:] not in USES:
        raise No("A mailbox cannot be made for that use", "USEATTR")
    return use[1:]
