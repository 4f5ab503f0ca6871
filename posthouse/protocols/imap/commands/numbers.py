"""Message numbers that commands name; RFC 9051 6.4."""

from __future__ import annotations

from posthouse.protocols.imap.errors import Bad
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.sequence import SequenceSet


def check_numbers(sequence: SequenceSet, view: View, *, uid: bool) -> None:
    """Raise Bad when there is no message of a number; any UID may be named."""
    if not uid and not sequence.saved and sequence.exceeds(view.exists):
        raise Bad("There are {} messages", None, view.exists)
