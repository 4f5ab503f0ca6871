"""SORT and THREAD; RFC 5256 5, RFC 5267 5 (sort with return options), RFC 5957 5."""

from __future__ import annotations

from posthouse.protocols.imap.wire.commands.search import Sort, Thread
from posthouse.protocols.imap.wire.reader import Expected, Reader
from posthouse.protocols.imap.wire.search import Return
from posthouse.protocols.imap.wire.search_grammar import (
    CHARSETS,
    Keys,
    charset_name,
    return_clause,
    to_be_saved,
)
from posthouse.protocols.imap.wire.sort import Criterion, SortKey, Threading

MOST_CRITERIA = 20  # more than there are keys: one that stands twice says nothing new

_ALGORITHMS = {algorithm.value: algorithm for algorithm in Threading}
_KEYS = {key.value: key for key in SortKey}


def sort(reader: Reader, tag: str, uid: bool) -> Sort:
    """`"SORT" SP [sort-return-opts SP] sort-criteria SP charset 1*(SP search-key)`."""
    reader.sp()
    returns, partial = return_clause(reader)
    with to_be_saved(returns):
        criteria = reader.listed(lambda: _criterion(reader))
        if len(criteria) > MOST_CRITERIA:
            raise Expected(f"more than {MOST_CRITERIA} sort criteria", "LIMIT")
        charset = charset_name(reader)
        keys = Keys(reader, CHARSETS[charset])
        key = keys.program()
        by_relevancy = any(one.key is SortKey.RELEVANCY for one in criteria)  # RFC 6203 5
        keys.check_relevancy(Return.RELEVANCY if by_relevancy else returns)
    return Sort(tag, tuple(criteria), key, uid, returns, partial, charset)


def thread(reader: Reader, tag: str, uid: bool) -> Thread:
    """`"THREAD" SP thread-alg SP charset 1*(SP search-key)`."""
    reader.sp()
    name = reader.word("a threading algorithm")
    if name not in _ALGORITHMS:
        raise Expected(f"expected one of {b', '.join(_ALGORITHMS).decode()} to thread by")
    charset = charset_name(reader)
    key = Keys(reader, CHARSETS[charset]).program()
    return Thread(tag, _ALGORITHMS[name], key, uid, charset)


def _criterion(reader: Reader) -> Criterion:
    name = reader.word("a sort key")
    reverse = name == b"REVERSE"
    if reverse:
        reader.sp()
        name = reader.word("a sort key behind REVERSE")
    if name not in _KEYS:
        raise Expected(f"expected one of {b', '.join(_KEYS).decode()} to sort by")
    return Criterion(_KEYS[name], reverse)
