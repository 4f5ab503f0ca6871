"""What one peer has enabled (RFC 5161), and how it is therefore spoken to; RFC 7162, RFC 9051, RFC 9586.

It only grows while a connection lasts, and all parts of a session look at the same one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.texts.languages import DEFAULT, LANGUAGES, translated
from posthouse.storage.ranges import Range

RANGES_PER_LINE = 1_000  # of VANISHED: clients have limits, too

# What ENABLE can name, in capitals: how it is written, and what it turns on
ENABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "CONDSTORE": ("CONDSTORE", ("condstore",)),
    "QRESYNC": ("QRESYNC", ("condstore", "qresync")),
    "IMAP4REV2": ("IMAP4rev2", ("rev2",)),
    "UTF8=ACCEPT": ("UTF8=ACCEPT", ("utf8_accepted",)),
    "UIDONLY": ("UIDONLY", ("uid_only",)),
}


class Dialect:
    """One peer's; a new one is IMAP4rev1 without extensions that have to be enabled."""

    __slots__ = ("condstore", "qresync", "rev2", "texts", "uid_only", "utf8_accepted")

    def __init__(self) -> None:
        self.condstore = False  # MODSEQ stands in every FETCH response that shows flags (RFC 7162 3.1)
        self.qresync = False  # what goes is told by UID (RFC 7162 3.2.3)
        self.rev2 = False  # nothing is \Recent, searches are answered by ESEARCH (RFC 9051, appendix E)
        self.utf8_accepted = False  # UTF-8 may stand in quoted strings and in header fields (RFC 6855)
        self.uid_only = False  # there are no message numbers (RFC 9586)
        self.texts: Mapping[str, str] = LANGUAGES[DEFAULT]  # what is said to people instead of the English (RFC 5255)

    def enable(self, name: str) -> str | None:
        """Turn on a capability; how it is written, None for one that need not be enabled or already was."""
        written, parts = ENABLES.get(name, ("", ()))
        if all(getattr(self, part) for part in parts):
            return None
        for part in parts:
            setattr(self, part, True)
        return written

    @property
    def utf8(self) -> bool:
        """True when mailbox names are UTF-8 instead of modified UTF-7 (RFC 9051 5.1, RFC 6855 3)."""
        return self.rev2 or self.utf8_accepted

    @property
    def shows_uids(self) -> bool:
        """True when a FETCH response that nobody asked for has the UID, too (RFC 7162 3.2.4, RFC 9051 7.5.2)."""
        return self.condstore or self.rev2 or self.uid_only

    @property
    def names_gone(self) -> bool:
        """True when messages that went are told by UID, which needs no numbers (RFC 7162 3.2.10, RFC 9586 3)."""
        return self.qresync or self.uid_only

    def say(
        self, tag: str, condition: encoder.Condition, text: str, code: bytes | None = None, *values: object
    ) -> bytes:
        """A response with text for people in their language, or in English where there is none for it.

        `values` stand in the braces of the text.
        """
        if not self.texts and not values:
            return encoder.status_line(tag, condition, text, code)
        return encoder.status_line(tag, condition, translated(self.texts, text, values), code, utf8=bool(self.texts))

    def fetched(self, number: int, uid: int, items: bytes) -> bytes:
        """A FETCH response, or a UIDFETCH where there are no numbers (RFC 9586 3.3)."""
        if self.uid_only:
            return b"* %d UIDFETCH (%b)\r\n" % (uid, items)
        return b"* %d FETCH (%b)\r\n" % (number, items)

    def flags_line(self, number: int, uid: int, flags: bytes, modseq: int) -> bytes:
        """A FETCH response for flags that changed."""
        items = b"FLAGS %b" % flags if self.uid_only else b"UID %d FLAGS %b" % (uid, flags)
        return self.fetched(number, uid, items + b" MODSEQ (%d)" % modseq if self.condstore else items)

    def alike(self, number: int, uids: range, items: bytes, *, uids_shown: bool) -> bytes:
        """FETCH responses for messages side by side of which the same is told; `number` is that of the first."""
        text = items.replace(b"%", b"%%")
        if self.uid_only:
            return (b"* %%d UIDFETCH (%b)\r\n" % text) * len(uids) % tuple(uids)
        numbers = range(number, number + len(uids))
        if not uids_shown:
            return (b"* %%d FETCH (%b)\r\n" % text) * len(uids) % tuple(numbers)
        values = tuple(chain.from_iterable(zip(numbers, uids, strict=True)))
        return (b"* %%d FETCH (UID %%d %b)\r\n" % text) * len(uids) % values

    def gone(self, numbers: Sequence[range], uids: Sequence[Range]) -> Iterator[bytes]:
        """Lines that tell that messages went; `numbers` from the last to the first, needed unless `names_gone`."""
        if self.names_gone:
            for at in range(0, len(uids), RANGES_PER_LINE):
                yield encoder.vanished(uids[at : at + RANGES_PER_LINE])
        else:
            for span in numbers:
                yield from map(encoder.expunge, span)
