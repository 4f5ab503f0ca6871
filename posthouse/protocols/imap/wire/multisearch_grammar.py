"""ESEARCH: several mailboxes searched at once; RFC 7377 3, with the filters of RFC 5465 8."""

from __future__ import annotations

from posthouse.protocols.imap.wire.commands.search import MultiSearch, Source, SourceKind
from posthouse.protocols.imap.wire.reader import Expected, Reader
from posthouse.protocols.imap.wire.search import Return
from posthouse.protocols.imap.wire.search_grammar import (
    return_clause,
    search_program,
    skip_word,
)

_KINDS = {kind.value: kind for kind in SourceKind}
_NAMED = frozenset((SourceKind.SUBTREE, SourceKind.SUBTREE_ONE, SourceKind.MAILBOXES))


def multi_search(reader: Reader, tag: str) -> MultiSearch:
    """`"ESEARCH" [SP "IN" SP esearch-source-opts] [search-return-opts] SP search-program`."""
    reader.sp()
    sources = [Source(SourceKind.SELECTED)]
    if skip_word(reader, b"IN"):
        reader.sp()
        sources = reader.listed(lambda: _source(reader))
        reader.sp()
    returns, partial = return_clause(reader)
    key, charset = search_program(reader, returns)
    return MultiSearch(tag, tuple(sources), key, returns or Return.ALL, partial, charset)


def _source(reader: Reader) -> Source:
    """`filter-mailboxes`; scope options, of which none is known, are refused."""
    name = reader.word("where to search")
    if name not in _KINDS:
        raise Expected(f"expected one of {b', '.join(_KINDS).decode()} to search")
    kind = _KINDS[name]
    if kind not in _NAMED:
        return Source(kind)
    reader.sp()
    if reader.text.startswith(b"(", reader.at):
        return Source(kind, tuple(reader.listed(reader.mailbox)))
    return Source(kind, (reader.mailbox(),))
