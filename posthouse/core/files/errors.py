"""What core/files refuses, each named for what happened."""

from __future__ import annotations

from posthouse.storage.contract import Refused


class NoSuchFile(Refused):
    """A node that is not there, or not in the tree any more. args: its number, or the name asked for."""


class NotPermitted(Refused):
    """Somebody has not the right to do that with a file that he may know of. args: node, rights wanted, whose it is."""


class TooManyLists(Refused):
    """args: how many files and folders of an account may have an access-control list of their own."""


class NotAFolder(Refused):
    """args: the name."""


class IsAFolder(Refused):
    """Contents for what is a folder. args: the name."""


class FileExists(Refused):
    """args: the name."""


class NameNotAllowed(Refused):
    """args: the name, why."""


class IntoItself(Refused):
    """A folder would come under itself, or take the place of one that it is in. args: the name."""


class TooDeep(Refused):
    """args: how many levels there may be."""


class TooManyFiles(Refused):
    """args: how many files and folders an account may have."""


class ConditionFailed(Refused):
    """The file is not what the caller thinks. args: the name."""


class Locked(Refused):
    """A lock is in the way that the caller does not hold. args: the node that was locked, whose it is."""


class LockConflict(Locked):
    """A lock is there that cannot be together with the one wished for. args: as above."""


class NoSuchLock(Refused):
    """args: the token."""


class TooManyLocks(Refused):
    """args: how many an account may have."""


class TooManyProperties(Refused):
    """args: what ("entries", "octets", "tags"), the limit."""


class NoSuchRevision(Refused):
    """args: the node, the revision."""


class NotInTrash(Refused):
    """args: the node."""


class NoSuchLink(Refused):
    """A token that leads nowhere, or not now. args: what was asked for."""


class NoNotices(Refused):
    """This server tells nobody of changes."""


class TooManyWatches(Refused):
    """args: how many folders of an account may be watched, each by each counted."""


class LinkOver(Refused):
    """A link whose time is over, or that was used as often as it may be. args: its label."""


class TooManyLinks(Refused):
    """args: how many an account may have."""
