"""What one peer has enabled (RFC 5161), and how it is therefore spoken to; RFC 7162, RFC 9051.

It only grows while a connection lasts, and all parts of a session look at the same one.
"""

from __future__ import annotations

from collections.abc import Sequence

from posthouse.protocols.imap.wire import encoder
from posthouse.storage.ranges import Range


class Dialect:
    """One peer's; a new one is IMAP4rev1 without extensions that have to be enabled."""

    __slots__ = ("condstore", "qresync")

    def __init__(self) -> None:
        self.condstore = False  # MODSEQ stands in every FETCH response that shows flags (RFC 7162 3.1)
        self.qresync = False  # what goes is told by UID (RFC 7162 3.2.3)

    def enable(self, name: str) -> bool:
        """Turn on a capability, in capitals; False for one that need not be enabled or already was."""
        if name == "CONDSTORE" and not self.condstore:
            self.condstore = True
        elif name == "QRESYNC" and not self.qresync:
            self.condstore = self.qresync = True
        else:
            return False
        return True

    @property
    def shows_uids(self) -> bool:
        """True when a FETCH response that shows flags unasked has the UID, too (RFC 7162 3.2.4)."""
        return self.condstore

    def flags_line(self, number: int, uid: int, flags: bytes, modseq: int) -> bytes:
        """A FETCH response for flags that changed."""
        if self.condstore:
            return b"* %d FETCH (UID %d FLAGS %b MODSEQ (%d))\r\n" % (number, uid, flags, modseq)
        return b"* %d FETCH (UID %d FLAGS %b)\r\n" % (number, uid, flags)

    def modseq_line(self, number: int, uid: int, modseq: int) -> bytes:
        """A FETCH response for a message whose flags the peer knows already (RFC 7162 3.1.3)."""
        return b"* %d FETCH (UID %d MODSEQ (%d))\r\n" % (number, uid, modseq)

    def gone(self, numbers: Sequence[range], uids: Sequence[Range]) -> bytes:
        """What tells that messages went; `numbers` from the last to the first, needed unless `names_gone`."""
        if self.names_gone:
            return encoder.vanished(uids)
        return b"".join([encoder.expunge(number) for span in numbers for number in span])

    @property
    def names_gone(self) -> bool:
        """True when messages that went are told by UID, which needs no numbers."""
        return self.qresync
