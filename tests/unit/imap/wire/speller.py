"""How grammar rules are spelt, in one of the ways that are allowed; and the strategies for what stands in them."""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from posthouse.formats.imap import mutf7
from posthouse.formats.imap.strings import astring
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.dates import MONTHS
from posthouse.protocols.imap.wire.flags import SYSTEM_FLAGS, Flags
from posthouse.protocols.imap.wire.sequence import SequenceSet

Draw = Callable[[st.SearchStrategy[Any]], Any]

ATOM = "abcdefXYZ0189!#$&',-./:;<=>?@[^_`|}~"
ATOMS = st.text(ATOM, min_size=1, max_size=8).filter(lambda text: text.upper() not in ("NIL", "RETURN", "CHARSET"))
TAGS = st.text(ATOM.replace("+", "") + "]", min_size=1, max_size=6)
OCTETS = st.binary(max_size=12).map(lambda octets: octets.replace(b"\0", b"."))
NUMBERS = st.integers(1, 0xFFFFFFFF)
NUMBERS64 = st.integers(1, 0x7FFFFFFFFFFFFFFF)
DATES = st.dates(datetime.date(1, 1, 1))
NAMES = st.one_of(
    st.sampled_from(["INBOX", "INBOX/x", "Sent", "a b", "a&b", "ä/日本", 'q"\\q', "", "100%", "{5}"]),
    st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=8).map(
        lambda name: unicodedata.normalize("NFC", name)
    ),
).filter(lambda name: name[:5].upper() != "INBOX" or name.startswith("INBOX"))


class Spelt(NamedTuple):
    """A command, its octets with the line end, and how many of its literals wait for the server."""

    command: Command
    text: bytes
    waiting: int


class Speller:
    """Spells grammar rules, drawing which of the allowed spellings."""

    def __init__(self, draw: Draw, utf8: bool) -> None:
        self.draw = draw
        self.utf8 = utf8
        self.waiting = 0

    def word(self, octets: bytes) -> bytes:
        """A keyword in any case."""
        return self.draw(st.sampled_from([octets, octets.lower(), octets.title()]))

    def string(self, octets: bytes) -> bytes:
        """Quoted where it can be, or a literal of either kind."""
        spellings = [b"{%d}\r\n%b" % (len(octets), octets), b"{%d+}\r\n%b" % (len(octets), octets)]
        # in UTF-8 sessions a quoted string is that (RFC 6855 3)
        if not set(b"\r\n\0") & set(octets) and (not self.utf8 or octets == octets.decode("utf-8", "ignore").encode()):
            spellings.append(b'"%b"' % octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"'))
        spelling = self.draw(st.sampled_from(spellings))
        self.waiting += spelling is spellings[0]
        return spelling

    def astring(self, octets: bytes) -> bytes:
        plain = astring(octets)
        return plain if plain == octets and self.draw(st.booleans()) else self.string(octets)

    def mailbox(self, name: str) -> bytes:
        return self.astring(name.encode() if self.utf8 else mutf7.encode(name))

    def listed(self, items: list[bytes]) -> bytes:
        return b"(%b)" % b" ".join(items)

    def date(self, day: datetime.date) -> bytes:
        text = b"%d-%b-%04d" % (day.day, self.word(MONTHS[day.month - 1]), day.year)
        return self.draw(st.sampled_from([text, b'"%b"' % text]))

    def flag_names(self, flags: Flags) -> list[bytes]:
        system = [self.word(name.encode()) for bit, name in SYSTEM_FLAGS if flags.system & bit]
        return system + [keyword.encode() for keyword in flags.keywords]

    def sequence(self, sequence: SequenceSet) -> bytes:
        if sequence.saved:
            return b"$"
        end = {0: "*"}
        ranges = [
            f"{end.get(first, first)}"
            if first == last and self.draw(st.booleans())
            else f"{end.get(first, first)}:{end.get(last, last)}"
            for first, last in sequence.ranges
        ]
        return ",".join(ranges).encode()


@st.composite
def ascending(draw: st.DrawFn) -> SequenceSet:
    """A set that grows, without `*`: what QRESYNC's lists are made of; RFC 7162 7."""
    ends = sorted(draw(st.sets(st.integers(1, 2**32 - 1), min_size=2, max_size=8)))
    return SequenceSet(tuple(zip(ends[::2], ends[1::2], strict=False)))


def sequences(*, saved: bool = True) -> st.SearchStrategy[SequenceSet]:
    numbers = st.one_of(st.just(0), st.integers(1, 20), NUMBERS)
    ranges = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4)
    sets = ranges.map(lambda found: SequenceSet(tuple(found)))
    return st.one_of(sets, st.just(SequenceSet((), True))) if saved else sets


FLAGS = st.builds(
    Flags,
    st.integers(0, 31),
    st.lists(ATOMS, max_size=3, unique_by=str.lower).map(tuple),
)
