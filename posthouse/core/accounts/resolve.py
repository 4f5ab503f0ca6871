"""Where mail to an address goes: by domain aliases, plus-addresses, aliases, groups, forwarding and the catch-all."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.errors import PostingNotAllowed, RecipientDisabled, RelayDenied, UnknownRecipient
from posthouse.core.accounts.lookup import DETAIL_SEPARATOR, home_address, people_behind
from posthouse.core.accounts.records import (
    AccountRecord,
    AddressRecord,
    DomainRecord,
    GroupRecord,
    read_account,
    read_address,
    read_domain,
    read_group,
)
from posthouse.core.accounts.rewriting import onward_sender, original_sender
from posthouse.formats.address import Address, parse_address
from posthouse.formats.srs import is_rewritten
from posthouse.storage.contract import ReadTransaction, query

MAX_DEPTH = 10  # groups in groups, forwarding to who forwards


class Onward(msgspec.Struct, array_like=True, frozen=True):
    """An address of another server that a recipient leads to, and the envelope sender to pass the mail on with."""

    address: str
    sender: str


class Resolution(msgspec.Struct, array_like=True, frozen=True):
    """Accounts and addresses elsewhere that a recipient leads to, each once; `detail` is what stood behind the plus."""

    accounts: list[int]
    detail: str | None = None
    onward: list[Onward] = []


@query
def resolve(txn: ReadTransaction, recipient: str, sender: str) -> Resolution:
    """Where mail from `sender` ("" for bounces) to `recipient` goes.

    A group gives the members who can have mail. Raises RelayDenied, UnknownRecipient, RecipientDisabled,
    PostingNotAllowed.
    """
    try:
        address = parse_address(recipient)
    except ValueError:
        raise UnknownRecipient(recipient) from None
    domain = read_domain(txn, address.domain)
    if domain is None:
        raise RelayDenied(recipient)
    if not domain.enabled:
        raise RecipientDisabled(recipient)
    if is_rewritten(address.local):
        return _returned(txn, recipient, address, sender)
    home = domain.alias_of or domain.name
    record, detail = read_address(txn, home, address.local), None
    if record is None and DETAIL_SEPARATOR in address.local:
        local, _, detail = address.local.partition(DETAIL_SEPARATOR)
        record = read_address(txn, home, local)
    if record is None:
        detail = None
        whole = read_domain(txn, home)
        if whole is not None and whole.catch_all is not None:
            record = home_address(txn, parse_address(whole.catch_all))
    if record is None:
        raise UnknownRecipient(recipient)
    if record.kind == "group":
        _check_posting(txn, record, recipient, sender)
    walk = _Walk(txn)
    if not walk.follow(record, sender, home, MAX_DEPTH):
        raise RecipientDisabled(recipient) if walk.met_disabled else UnknownRecipient(recipient)
    return Resolution(list(walk.accounts), detail, [Onward(*pair) for pair in walk.onward.items()])


def takes_mail(account: AccountRecord) -> bool:
    """Whether its status lets mail in."""
    return account.status in ("enabled", "locked")


def _returned(txn: ReadTransaction, recipient: str, address: Address, sender: str) -> Resolution:
    """A bounce of what we passed on goes back to who sent it; nobody else writes to such an address."""
    original = None if sender else original_sender(txn, address.local)
    if original is None:
        raise UnknownRecipient(recipient)
    if read_domain(txn, original.domain) is not None:  # it has become ours since
        return resolve(txn, str(original), "")
    return Resolution([], None, [Onward(str(original), "")])


class _Walk:
    """Goes through all that an address leads to; `accounts` and `onward` (address -> sender) are what it found."""

    def __init__(self, txn: ReadTransaction) -> None:
        self.accounts: dict[int, None] = {}
        self.onward: dict[str, str] = {}
        self.met_disabled = False
        self._txn = txn
        self._domains: dict[str, DomainRecord | None] = {}  # a large group has many members and few domains
        self._senders: dict[tuple[str, str], str] = {}
        self._seen: dict[tuple[str, int], bool] = {}  # account or group -> whether somebody behind it has the mail

    def follow(self, record: AddressRecord, sender: str, domain: str, depth: int) -> bool:
        """Gather what is behind `record`, of our `domain`; False when nobody there gets the mail."""
        if record.kind == "alias":
            return self._to_all(record.targets, sender, domain, depth)
        place = (record.kind, record.number)
        if place not in self._seen:
            self._seen[place] = False  # until all is gone through: who leads back here gives it to nobody
            through = self._through_account if record.kind == "account" else self._through_group
            self._seen[place] = through(record.number, sender, depth)
        return self._seen[place]

    def _through_account(self, number: int, sender: str, depth: int) -> bool:
        account = read_account(self._txn, number)
        if account is None or not takes_mail(account) or not self._takes_mail(account.domain):
            self.met_disabled = True
            return False
        passed_on = depth > 0 and self._to_all(account.forward_to, sender, account.domain, depth)
        if account.forward_keeps or not passed_on:  # what cannot be passed on stays
            self.accounts[number] = None
        return True

    def _through_group(self, number: int, sender: str, depth: int) -> bool:
        group = read_group(self._txn, number)
        if group is None or depth == 0:
            return False
        # its owner hears of bounces, but never of a bounce's
        return self._to_all(group.members, sender and (group.owner or sender), group.domain, depth)

    def _to_all(self, targets: list[str] | tuple[str, ...], sender: str, domain: str, depth: int) -> bool:
        reached = [self._to(target, sender, domain, depth - 1) for target in targets]
        return any(reached)

    def _to(self, target: str, sender: str, domain: str, depth: int) -> bool:
        """`target` is in canonical form, as all that is stored: what is not ours need not be taken apart."""
        held = self._domain(target.rpartition("@")[2])
        if held is None:
            self.onward.setdefault(target, self._sender(sender, domain))
            return True
        home = held.alias_of or held.name
        record = read_address(self._txn, home, parse_address(target).local)
        return record is not None and self.follow(record, sender, home, depth)

    def _sender(self, sender: str, domain: str) -> str:
        if (sender, domain) not in self._senders:
            self._senders[sender, domain] = onward_sender(self._txn, sender, domain)
        return self._senders[sender, domain]

    def _takes_mail(self, name: str) -> bool:
        domain = self._domain(name)
        return domain is not None and domain.enabled

    def _domain(self, name: str) -> DomainRecord | None:
        if name not in self._domains:
            self._domains[name] = read_domain(self._txn, name)
        return self._domains[name]


def _check_posting(txn: ReadTransaction, record: AddressRecord, recipient: str, sender: str) -> None:
    group = read_group(txn, record.number)
    if group is not None and group.posting == "members" and not _is_member(txn, group, sender):
        raise PostingNotAllowed(recipient)


def _is_member(txn: ReadTransaction, group: GroupRecord, sender: str) -> bool:
    try:
        address = parse_address(sender)
    except ValueError:
        return False
    writers = people_behind(txn, [sender])
    if not any(writers):
        plain = Address(address.local.partition(DETAIL_SEPARATOR)[0], address.domain)
        writers = people_behind(txn, [str(plain)])
    members = people_behind(txn, group.members)
    return any(writers) and writers[0] <= members[0] and writers[1] <= members[1]
