"""Search folders over IMAP: annotations of a mailbox make it one, and say what it looks for (RFC 5464 6.2).

CREATE Unread
SETMETADATA Unread (/private/vendor/posthouse/search "UNSEEN NOT FROM robot@")
"""

from __future__ import annotations

from posthouse.core.mail.criteria.keys import SearchKey
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.mailboxes import SEPARATOR
from posthouse.core.mail.search_folders.defining import (
    NamedPlace,
    Wanted,
    check_criteria,
    define_search_folder,
    read_search_folder,
)
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.errors import No
from posthouse.protocols.imap.wire.commands.metadata import MetadataWanted
from posthouse.protocols.imap.wire.criteria import BadCriteria, criteria_text, read_criteria

CRITERIA = "/private/vendor/posthouse/search"  # as SEARCH has them
PLACES = CRITERIA + "-in"  # mailboxes, one a line; "Work/*" for those under Work, and Work itself
MAIN = CRITERIA + "-main"  # the mailbox for what is put into the folder
ENTRIES = (CRITERIA, PLACES, MAIN)
_BELOW = SEPARATOR + "*"


async def define(name: str, changes: dict[str, bytes | None], user: User) -> None:
    """Make a mailbox a search folder, or change it; raises No, and as `define_search_folder`."""
    if changes.keys() - set(ENTRIES):
        raise No("A search folder is defined alone, without other annotations", "CANNOT")
    found = await user.find(name)
    if not name or found.account != user.account:
        raise No("Only one's own mailboxes can be search folders", "CANNOT")
    held = await user.store.read(read_search_folder, user.account, found.name)
    wanted = None if held is None else held.wanted
    criteria = changes.get(CRITERIA)
    if CRITERIA in changes and criteria is None:
        raise No("A search folder has criteria: delete it instead", "CANNOT")
    if criteria is None and wanted is None:
        raise No("It is no search folder yet: set its criteria", "CANNOT")
    key = _criteria(criteria, user) if criteria is not None or wanted is None else wanted.criteria
    places = _places(changes[PLACES]) if PLACES in changes else [] if wanted is None else wanted.places
    main = _text(changes[MAIN]) if MAIN in changes else None if wanted is None else wanted.main
    settings = user.contracts.search_folders
    check_criteria(key, settings)
    try:
        wanted = Wanted(key, places, main or None)
        mail = user.contracts.mail
        await user.store.write(define_search_folder, user.account, found.name, wanted, settings, user.now(), mail)
    except NoSuchMailbox as error:
        raise No("There is no mailbox {}", "NONEXISTENT", error.args[0]) from None


async def entries(name: str, wanted: MetadataWanted, user: User) -> list[tuple[str, bytes | None]]:
    """What of these annotations is asked for, and there; raises NoSuchMailbox."""
    if not any(map(wanted.asks, ENTRIES)):
        return []
    folder = await user.store.read(read_search_folder, user.account, name)
    if folder is None:
        return []
    held = folder.wanted
    lines = "\r\n".join([place.name + (_BELOW if place.below else "") for place in held.places])
    values = {CRITERIA: criteria_text(held.criteria)}
    if lines:
        values[PLACES] = lines.encode()
    if held.main is not None:
        values[MAIN] = held.main.encode()
    return [(entry, value) for entry, value in values.items() if wanted.asks(entry)]


def _criteria(value: bytes | None, user: User) -> SearchKey:
    try:
        return read_criteria(value or b"", user.contracts.settings.wire)
    except BadCriteria as error:
        raise No("Those criteria cannot be read: {}", "CANNOT", error) from None


def _places(value: bytes | None) -> list[NamedPlace]:
    names = [line.strip() for line in _text(value).splitlines()]
    return [NamedPlace(name.removesuffix(_BELOW), name.endswith(_BELOW)) for name in names if name]


def _text(value: bytes | None) -> str:
    try:
        return (value or b"").decode().strip()
    except UnicodeDecodeError:
        raise No("Names of mailboxes are written in UTF-8 here", "CANNOT") from None
