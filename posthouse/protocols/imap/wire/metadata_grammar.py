"""GETMETADATA, SETMETADATA and LIST's METADATA; RFC 5464 5, RFC 9590 5."""

from __future__ import annotations

import re

from posthouse.protocols.imap.wire.commands.metadata import GetMetadata, MetadataWanted, SetMetadata
from posthouse.protocols.imap.wire.reader import Expected, Reader

# RFC 5464 3.1: no "*" and "%", no empty level, nothing but printable ASCII
_ENTRY = re.compile(rb"/(?:private|shared)(?:/[!-$&-)+-.0-~]+)*", re.IGNORECASE)
_LONGEST_ENTRY = 255  # octets: it becomes part of a key


def get_metadata(reader: Reader, tag: str) -> GetMetadata:
    """`"GETMETADATA" [SP getmetadata-options] SP mailbox SP entries`.

    RFC 5464's grammar has the options before the mailbox, its examples behind it: clients do either.
    """
    reader.sp()
    options = _options_here(reader)
    name = reader.mailbox()
    reader.sp()
    options |= _options_here(reader)
    entries = _entries(reader)
    reader.end()
    return GetMetadata(tag, name, MetadataWanted(entries, options.get("MAXSIZE"), options.get("DEPTH", 0)))


def set_metadata(reader: Reader, tag: str) -> SetMetadata:
    """`"SETMETADATA" SP mailbox SP "(" entry SP value *(SP entry SP value) ")"`."""
    reader.sp()
    name = reader.mailbox()
    reader.sp()
    changes = reader.listed(lambda: _change(reader))
    reader.end()
    return SetMetadata(tag, name, tuple(dict(changes).items()))


def metadata_wanted(reader: Reader) -> MetadataWanted:
    """What stands behind LIST's return option METADATA."""
    options = _options_here(reader)
    entries = _entries(reader)
    return MetadataWanted(entries, options.get("MAXSIZE"), options.get("DEPTH", 0))


def _options_here(reader: Reader) -> dict[str, int | None]:
    """Options with the space behind them, where they stand here: entries begin with a slash, they do not."""
    if reader.text[reader.at : reader.at + 2].upper() not in (b"(M", b"(D"):
        return {}
    options = dict(reader.listed(lambda: _option(reader)))
    reader.sp()
    return options


def _option(reader: Reader) -> tuple[str, int | None]:
    name = reader.word("MAXSIZE or DEPTH")
    reader.sp()
    if name == b"MAXSIZE":
        return "MAXSIZE", reader.number("a size")
    if name != b"DEPTH":
        raise Expected("expected MAXSIZE or DEPTH among the options")
    depth = reader.word("0, 1 or infinity")
    if depth not in (b"0", b"1", b"INFINITY"):
        raise Expected("expected 0, 1 or infinity as the depth")
    return "DEPTH", None if depth == b"INFINITY" else int(depth)


def _entries(reader: Reader) -> tuple[str, ...]:
    if reader.text.startswith(b"(", reader.at):
        return tuple(dict.fromkeys(reader.listed(lambda: _entry(reader))))
    return (_entry(reader),)


def _change(reader: Reader) -> tuple[str, bytes | None]:
    entry = _entry(reader)
    if entry.count("/") < 2:
        raise Expected("expected an entry under /private or /shared")
    reader.sp()
    return entry, reader.nstring("a value or NIL")


def _entry(reader: Reader) -> str:
    octets = reader.astring("an entry such as /private/comment")
    if len(octets) > _LONGEST_ENTRY or _ENTRY.fullmatch(octets) is None:
        raise Expected("expected an entry such as /private/comment, of printable ASCII and no more than 255 octets")
    return octets.decode("ascii").lower()
