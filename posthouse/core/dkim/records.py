"""Keys as they are kept and shown."""

from __future__ import annotations

import time
from collections.abc import Container, Iterator
from itertools import chain, count
from typing import Literal

import msgspec

from posthouse.core.maintenance.records import get_readable, scan_readable
from posthouse.formats.dkim.keys import ALGORITHMS, Algorithm, generate
from posthouse.storage.contract import ReadTransaction, WriteTransaction
from posthouse.storage.spaces import DKIM_KEY

KeyState = Literal["to be published", "signing", "retired", "to be unpublished"]


class DkimKey(msgspec.Struct, array_like=True, tag=1):
    """A key of a domain, which may be an alias; `private` is for formats.dkim.keys.load. Times in ms.

    It signs from `active_from` until `retired_at`, and its `record` is to stay published until `removed_at`; both are
    0 while no other key follows it.
    """

    domain: str
    selector: str
    algorithm: Algorithm
    private: bytes
    record: str
    created: int
    active_from: int
    retired_at: int = 0
    removed_at: int = 0

    def __repr__(self) -> str:
        """Without the private half: nothing that logs or shows a key must give it away."""
        return f"<DkimKey {self.selector}._domainkey.{self.domain}>"

    def signs(self, now: int) -> bool:
        """True while it does."""
        return self.active_from <= now and (not self.retired_at or now < self.retired_at)

    def state(self, now: int) -> KeyState:
        """Where in its life it is."""
        if now < self.active_from:
            return "to be published"
        if self.signs(now):
            return "signing"
        return "retired" if now < self.removed_at else "to be unpublished"


class DkimKeyShown(msgspec.Struct, array_like=True, frozen=True):
    """A key without its private half; `name` is where `record` is published as TXT."""

    domain: str
    selector: str
    algorithm: Algorithm
    state: KeyState
    name: str
    record: str
    created: int
    active_from: int
    retired_at: int
    removed_at: int


def make_keys(domain: str, taken: Container[str], now: int, active_from: int) -> list[DkimKey]:
    """New keys for a domain, one of each algorithm, by selectors that are not `taken`. Takes some 100 ms."""
    keys = []
    for algorithm in ALGORITHMS:
        key = generate(algorithm)
        base = f"{algorithm.partition('-')[0]}-{time.strftime('%Y%m%d', time.gmtime(now / 1000))}"
        names = chain([base], (f"{base}-{number}" for number in count(2)))
        selector = next(name for name in names if name not in taken)
        keys.append(DkimKey(domain, selector, algorithm, key.octets(), key.record(), now, active_from))
    return keys


def shown(key: DkimKey, now: int) -> DkimKeyShown:
    """What may be seen of it."""
    return DkimKeyShown(
        key.domain,
        key.selector,
        key.algorithm,
        key.state(now),
        f"{key.selector}._domainkey.{key.domain}",  # RFC 6376 3.6.2.1
        key.record,
        key.created,
        key.active_from,
        key.retired_at,
        key.removed_at,
    )


_ENCODER = msgspec.msgpack.Encoder()


def scan_keys(txn: ReadTransaction, *domain: str) -> Iterator[DkimKey]:
    """The keys of all domains, or of one, by selector; one that is damaged must not keep the others from signing."""
    for _, key in scan_readable(txn, DKIM_KEY, DkimKey, *domain):
        if key is not None:
            yield key


def read_key(txn: ReadTransaction, domain: str, selector: str) -> DkimKey | None:
    """One key; None also for one that is damaged."""
    return get_readable(txn, DKIM_KEY.key(domain, selector), DkimKey)


def write_key(txn: WriteTransaction, key: DkimKey) -> None:
    """Store it."""
    txn.put(DKIM_KEY.key(key.domain, key.selector), _ENCODER.encode(key))
