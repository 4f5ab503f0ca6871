"""What core/sharing refuses, each named for what happened."""

from __future__ import annotations

from posthouse.storage.contract import Refused


class NotAllowed(Refused):
    """Somebody has not the right to do that with a folder that he may know of. args: the folder's name."""
