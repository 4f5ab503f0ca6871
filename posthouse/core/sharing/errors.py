"""What core/sharing refuses, each named for what happened."""

from __future__ import annotations

from posthouse.storage.contract import Refused


class NotAllowed(Refused):
    """Somebody has not the right to do that with a folder that he may know of. args: the folder's name."""


class NoSuchGrantee(Refused):
    """Nobody of that name can be given rights here. args: the name."""


class OwnerHasAll(Refused):
    """The owner's rights are not given and not taken. args: the name."""


class TooManyGrants(Refused):
    """args: the limit."""
