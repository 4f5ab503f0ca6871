"""What is known of a search before any message is looked at alone: one octet a message, 1 where it fits.

Keys that sets, flags or the digests of headers answer are known. Of the others nothing is: of what they leave in doubt
the messages themselves are asked.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Sequence
from itertools import compress, islice

import msgspec

from posthouse.core.mail.criteria import keys
from posthouse.core.mail.criteria.keys import leaves
from posthouse.core.mail.criteria.tests import is_recorded, sought
from posthouse.core.mail.digests.facets import Facet
from posthouse.core.mail.digests.reading import Digests
from posthouse.core.mail.origins import message_number, parse_id
from posthouse.core.mail.reading import FlagPage, flag_page
from posthouse.core.mail.threads import copied_members
from posthouse.core.turns import Turn
from posthouse.protocols.imap.view import View
from posthouse.storage.ranges import Range

# header fields that digests have; of any other the header itself is read
FACETS = {
    "from": Facet.FROM,
    "to": Facet.TO,
    "cc": Facet.CC,
    "subject": Facet.SUBJECT,
    "message-id": Facet.MESSAGE_ID,
}


MOST_MASKS = 64  # each costs an octet a message; of further keys the messages are asked


FLAGS_AT_ONCE = 4000  # about 2 ms
_GAP = 50  # messages: reading the flags of those between costs less than reading them apart


class Bounds(msgspec.Struct, frozen=True):
    """Masks as numbers, an octet a message: those that fit for certain, and those that may."""

    certain: int
    possible: int


def facet_of(key: keys.EnvelopeField | keys.Header) -> Facet | None:
    """The facet that answers a key; facets are made of what is recorded."""
    if not is_recorded(key):
        return None
    return FACETS.get(key.field if isinstance(key, keys.EnvelopeField) else key.name)


class Sieve:
    """One search over a mailbox of so many messages; `masks` holds what was found out of single keys."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.masks: dict[keys.SearchKey, bytes] = {}
        self.known: dict[keys.SearchKey, tuple[bytes, bytes]] = {}  # where it fits for certain, and where it may
        self._all = int.from_bytes(b"\x01" * count, "little")

    async def read(self, key: keys.SearchKey, digests: Digests, positions: list[Range]) -> None:
        """Find out of each key that digests answer which of the messages at `positions` fit."""
        asked = {
            leaf: facet
            for leaf in leaves(key)
            if isinstance(leaf, keys.EnvelopeField | keys.Header) and (facet := facet_of(leaf)) is not None
        }
        texts = {leaf: sought(leaf).encode() for leaf in islice(asked, MOST_MASKS)}
        if not texts:
            return
        masks = {leaf: bytearray(self._count) for leaf in texts}
        async for page in digests.pages([*dict.fromkeys(map(asked.__getitem__, texts))], positions):
            for leaf, text in texts.items():
                put(masks[leaf], page.positions, page.containing(asked[leaf], text))
        self.masks |= {leaf: bytes(mask) for leaf, mask in masks.items()}

    async def read_ids(self, key: keys.SearchKey, view: View, digests: Digests, positions: list[Range]) -> None:
        """Find out of each key that names messages or threads by their ids which of those at `positions` are meant."""
        named = [leaf for leaf in leaves(key) if isinstance(leaf, keys.EmailId | keys.ThreadId)]
        meant: dict[keys.SearchKey, frozenset[int]] = {}
        for one in named[: MOST_MASKS - len(self.masks)]:
            meant[one] = frozenset(await _messages(one, view))
        if not any(meant.values()):
            self.masks |= dict.fromkeys(meant, bytes(self._count))
            return
        found = {leaf: bytearray(self._count) for leaf in meant}
        async for page in digests.pages([Facet.MESSAGE], positions):
            values = page.values(Facet.MESSAGE)
            for leaf, messages in meant.items():
                put(found[leaf], page.positions, bytes([value in messages for value in values]))
        self.masks |= {leaf: bytes(mask) for leaf, mask in found.items()}

    async def read_flags(self, key: keys.SearchKey, view: View, positions: list[Range]) -> None:
        """Find out of each key that asks for a flag or keyword which of the messages at `positions` fit."""
        room = MOST_MASKS - len(self.masks)
        asked = [leaf for leaf in leaves(key) if isinstance(leaf, keys.HasFlag | keys.HasKeyword)][:room]
        if not asked or not positions:
            return
        masks = {leaf: bytearray(self._count) for leaf in asked}
        names = [name.lower() for name in view.flag_lists.keywords]
        uids = await view.uids()
        for start, stop in await merged(positions, _GAP):
            for first in range(start, stop, FLAGS_AT_ONCE):
                last = min(first + FLAGS_AT_ONCE, stop)
                page = await view.store.read(
                    flag_page, view.account, view.mailbox, uids[first], uids[last - 1], last - first
                )
                at = range(first, last) if page.uids is None else view.positions_of(array("I", page.uids))
                for leaf, mask in masks.items():
                    put(mask, at, _fitting(leaf, page, names))
                await asyncio.sleep(0)
        self.masks |= {leaf: bytes(mask) for leaf, mask in masks.items()}

    async def add_ranges(self, key: keys.SearchKey, positions: list[Range], *, fit: bool = True) -> None:
        """A key that names messages: those at `positions` fit, or all others."""
        if len(self.masks) >= MOST_MASKS:
            return
        mask = bytearray(self._count if fit else b"\x01" * self._count)
        turn = Turn()
        for start, stop in positions:
            mask[start:stop] = (b"\x01" if fit else b"\x00") * (stop - start)
            await turn.share()
        self.masks[key] = bytes(mask)

    def add_bounds(self, key: keys.SearchKey, certain: bytes, possible: bytes) -> None:
        """A key of which it is known where it fits for certain, and where it may."""
        self.known[key] = certain, possible

    def bounds(self, key: keys.SearchKey) -> Bounds:
        """What is known of a key."""
        match key:
            case keys.All():
                return Bounds(self._all, self._all)
            case keys.And(children):
                certain = possible = self._all
                for bounds in map(self.bounds, children):
                    certain, possible = certain & bounds.certain, possible & bounds.possible
                return Bounds(certain, possible)
            case keys.Or(left, right):
                one, other = self.bounds(left), self.bounds(right)
                return Bounds(one.certain | other.certain, one.possible | other.possible)
            case keys.Not(child):
                inner = self.bounds(child)
                return Bounds(self._all ^ inner.possible, self._all ^ inner.certain)
        mask = self.masks.get(key)
        if mask is None and key in self.known:
            return Bounds(*[int.from_bytes(each, "little") for each in self.known[key]])
        if mask is None:
            return Bounds(0, self._all)
        known = int.from_bytes(mask, "little")
        return Bounds(known, known)

    async def ranges(self, mask: int) -> list[Range]:
        """The messages of a mask as half-open ranges."""
        octets = mask.to_bytes(self._count, "little")
        found: list[Range] = []
        turn = Turn()
        start = octets.find(1)
        while start >= 0:
            stop = octets.find(0, start)
            if stop < 0:
                stop = self._count
            found.append((start, stop))
            start = octets.find(1, stop)
            await turn.share()
        return found

    def positions(self, mask: int) -> list[int]:
        """The messages of a mask."""
        return list(compress(range(self._count), mask.to_bytes(self._count, "little")))


async def _messages(key: keys.EmailId | keys.ThreadId, view: View) -> list[int]:
    """The numbers of the messages that an id names; RFC 8474 5. Other ids than ours name none."""
    is_message = isinstance(key, keys.EmailId)
    meant = parse_id(key.id, "M" if is_message else "T", view.reader)
    if meant is None:
        return []
    if not is_message:
        return await view.store.read(copied_members, view.account, meant)
    number = await view.store.read(message_number, view.account, meant)
    return [] if number is None else [number]


async def merged(positions: list[Range], gap: int) -> list[Range]:
    """Ranges joined where not more than `gap` messages stand between them."""
    found: list[Range] = []
    turn = Turn()
    for start, stop in positions:
        await turn.share()
        if found and start - found[-1][1] <= gap:
            found[-1] = found[-1][0], stop
        else:
            found.append((start, stop))
    return found


def _fitting(key: keys.HasFlag | keys.HasKeyword, page: FlagPage, names: list[str]) -> bytes:
    """An octet for each message of a page; `names` are the mailbox's keywords in lower case."""
    if isinstance(key, keys.HasFlag):
        bit, wanted = key.flag, key.flag if key.present else 0
        return page.flags.translate(bytes([flags & bit == wanted for flags in range(256)]))
    keyword = key.keyword.lower()
    bit = 1 << names.index(keyword) if keyword in names else 0
    found = bytearray(bytes([not key.present]) * len(page.flags))
    for at, keywords in page.keywords():
        if keywords & bit:
            found[at] = key.present
    return bytes(found)


def put(mask: bytearray, positions: Sequence[int], found: bytes) -> None:
    """Set a page's octets at its positions."""
    if isinstance(positions, range):
        mask[positions.start : positions.stop] = found
    else:
        for at, octet in zip(positions, found, strict=True):
            mask[at] = octet
