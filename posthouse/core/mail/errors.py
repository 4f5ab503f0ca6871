"""What core/mail refuses, each named for what happened."""

from __future__ import annotations

from posthouse.storage.contract import Refused


class NoSuchMailbox(Refused):
    """args: the name asked for."""


class NoSuchMessage(Refused):
    """args: its UID."""


class MailboxExists(Refused):
    """args: the name."""


class InvalidMailboxName(Refused):
    """args: the name, why."""


class UnsuitableUse(Refused):
    """args: the use; that mailbox, or any, cannot be for it."""


class MailboxHasChildren(Refused):
    """args: the name; it cannot go while mailboxes stand under it."""


class MailboxIsFixed(Refused):
    """args: the name; the inbox cannot be deleted."""


class TooManyMailboxes(Refused):
    """args: the limit."""


class TooManyAnnotations(Refused):
    """args: what ("entries", "octets"), the limit."""


class TooManyKeywords(Refused):
    """args: the limit; a mailbox knows so many keywords and no more."""
