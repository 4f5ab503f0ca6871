"""Letters for tests, scanned as a worker scans them."""

from __future__ import annotations

from posthouse.core.mail.letters import scanned
from posthouse.core.mail.records import Letter


def letter(octets: bytes) -> Letter:
    """A finished letter of these octets, carried inline."""
    return scanned(octets)
