"""Commands about annotations of mailboxes and of the server; RFC 5464 4."""

from __future__ import annotations

import msgspec

from posthouse.protocols.imap.wire.commands.command import Command


class MetadataWanted(msgspec.Struct, frozen=True, gc=False):
    """Which annotations to show; RFC 5464 4.2.

    Entries in lower case; `max_size` in octets, None for any; `depth` None for all that is below.
    """

    entries: tuple[str, ...]
    max_size: int | None = None
    depth: int | None = 0

    def asks(self, entry: str) -> bool:
        """True when that entry is among those wanted, or as far below one as is wanted."""
        for wanted in self.entries:
            rest = entry.removeprefix(wanted + "/")
            if wanted == entry or (rest != entry and (self.depth is None or rest.count("/") < self.depth)):
                return True
        return False


class GetMetadata(Command, frozen=True):
    """GETMETADATA; RFC 5464 4.2. `name` is empty for what is said of the server."""

    name: str
    wanted: MetadataWanted


class SetMetadata(Command, frozen=True):
    """SETMETADATA; RFC 5464 4.3. Entries in lower case; None removes one."""

    name: str
    changes: tuple[tuple[str, bytes | None], ...]
