"""ESEARCH: several mailboxes searched at once; RFC 7377 3, with the filters of RFC 5465 8."""

from __future__ import annotations

from posthouse.protocols.imap.wire.commands.search import MultiSearch, Source, SourceKind
from posthouse.protocols.imap.wire.reader import Expected, Reader
from posthouse.protocols.imap.wire.search import Return
from posthouse.protocols.imap.wire.search_grammar import (
    CHARSETS,
    Keys,
    charset_name,
    return_options,
    skip_word,
    to_be_saved,
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
    returns = Return.ALL
    partial: tuple[int, int] | None = None
    if skip_word(reader, b"RETURN"):
        reader.sp()
        returns, partial = return_options(reader)
        reader.sp()
    with to_be_saved(returns):
        charset = charset_name(reader) if skip_word(reader, b"CHARSET") else None
        keys = Keys(reader, CHARSETS[charset] if charset else "utf-8")
        key = keys.program()
        keys.check_relevancy(returns)
    return MultiSearch(tag, tuple(sources), key, returns, partial, charset)


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
