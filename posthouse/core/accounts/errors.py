"""What core/accounts refuses, each named for what happened."""

from __future__ import annotations

from posthouse.storage.contract import Refused


class OverQuota(Refused):
    """args: what ("messages", "octets", "domain messages", "domain octets"), the limit."""


class NoSuchDomain(Refused):
    """args: the domain."""


class DomainExists(Refused):
    """args: the domain."""


class DomainInUse(Refused):
    """args: the domain, what is still in it."""


class TooManyAccounts(Refused):
    """args: the domain, the limit."""


class NoSuchAccount(Refused):
    """args: the address."""


class AddressExists(Refused):
    """args: the address, what it is ("account", "alias", "group")."""


class NoSuchAlias(Refused):
    """args: the address."""


class NoSuchGroup(Refused):
    """args: the address."""


class NoFolders(Refused):
    """A group to which no folders belong. args: the address."""


class NotHere(Refused):
    """An address that nobody has here, where one of ours is wanted. args: the address."""


class LeadsToItself(Refused):
    """Forwarding that would come back to its account. args: the address."""


class NoOwner(Refused):
    """A group cannot own a group: nobody would hear of its bounces. args: the address."""


class UnknownRecipient(Refused):
    """Mail to an address of our domain that nobody has. args: the address."""


class RelayDenied(Refused):
    """Mail to a domain that is not ours. args: the address."""


class RecipientDisabled(Refused):
    """Mail to an account or a domain that takes none now. args: the address."""


class SendingLimit(Refused):
    """More recipients than the account may write to in a day. args: the limit."""


class PostingNotAllowed(Refused):
    """Mail to a group from somebody who may not post to it. args: the address."""
