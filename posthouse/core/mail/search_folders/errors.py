"""What is refused of search folders, each named for what happened."""

from __future__ import annotations

from posthouse.storage.contract import Refused


class NotForSearchFolders(Refused):
    """args: what cannot be done with a search folder."""


class NoMainMailbox(Refused):
    """args: the folder's name; nothing can be put into it."""


class NotLasting(Refused):
    """A criterion means something to one session only (message numbers, UIDs, \\Recent), or has too many keys."""


class MailboxHasMessages(Refused):
    """args: the name; only an empty mailbox can become a search folder."""


class NoSuchSearchFolder(Refused):
    """args: the name of a mailbox that is none."""


class TooManySearchFolders(Refused):
    """args: the limit."""
