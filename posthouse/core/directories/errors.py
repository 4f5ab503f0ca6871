"""What mapped directories refuse, each named for what happened."""

from __future__ import annotations

from posthouse.storage.contract import Refused


class DirectoryExists(Refused):
    """args: the name that another has."""


class NoSuchDirectory(Refused):
    """args: the name."""


class BadDirectory(Refused):
    """What cannot be mapped. args: the path, why."""


class TooManyDirectories(Refused):
    """args: how many there may be."""


class PathLocked(Refused):
    """A lock is in the way that the caller does not hold. args: the path that was locked, as a list, whether
    it is a folder.
    """
