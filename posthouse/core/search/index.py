"""The Tantivy index: a document a message; trigrams find candidates for any substring, words rank fuzzy matches.

One process writes, any may read; candidates are confirmed elsewhere (`shelf`). The account is a term of every query.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import msgspec
import tantivy

from posthouse.core.search.contract import Field

GRAM = 3  # characters: of a shorter text every message is a candidate
HITS_AT_ONCE = 4_000  # made objects at one go, in which no other thread runs: about 1 ms
MOST_GRAMS = 64  # of a long text; the rest is for the confirmation
MOST_WORDS = 20
EXACT_WEIGHT, LIKE_WEIGHT = 4.0, 0.5
PREFIX_FROM = 3  # letters: all words begin with shorter ones
WRONG_FROM = (4, 8)  # letters, from which on one may be wrong, and two
WORD_LENGTH = 40  # a longer one is none that people search for

PANIC = "it panicked"
FIELDS = tuple(field.value for field in Field)
_ACCOUNT, _KEY, _OPEN, _GRAMS = "account", "key", "open", "grams"
_WORDS = "words"
_BITS = 32


class Words(msgspec.Struct, frozen=True):
    """A message's text by field, for fuzzy searches; `files` are names and texts of attached files."""

    subject: str = ""
    from_: str = ""
    to: str = ""
    body: str = ""
    files: str = ""


class Document(msgspec.Struct, frozen=True):
    """A message as it is indexed. One that is `open` is a candidate of every search: not all of its text is here."""

    account: int
    message: int
    text: str
    words: Words
    open: bool


class IndexBroken(Exception):
    """The index cannot be read or written; it has to be made anew. args: why."""


@contextmanager
def _telling() -> Iterator[None]:
    """Say IndexBroken for whatever Tantivy says; it panics where files are damaged."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise IndexBroken(str(error)) from error
    except BaseException as error:
        if type(error).__module__ == "pyo3_runtime":
            raise IndexBroken(f"{PANIC}: {error}") from error
        raise


def _keys(searcher: tantivy.Searcher, hits: list[tuple[Any, tantivy.DocAddress]]) -> list[int]:
    return cast(list[int], searcher.fast_field_values(_KEY, [address for _, address in hits]))


def key_of(account: int, message: int) -> int:
    """One number for a message of any account."""
    return account << _BITS | message


class Index:
    """The index in a folder; closed by forgetting it."""

    def __init__(self, directory: Path, language: str, *, create: bool = False) -> None:
        """Open or create it; raises IndexBroken."""
        builder = tantivy.SchemaBuilder()
        builder.add_unsigned_field(_ACCOUNT, indexed=True)
        builder.add_unsigned_field(_KEY, indexed=True, fast=True)
        builder.add_unsigned_field(_OPEN, indexed=True)
        builder.add_text_field(_GRAMS, tokenizer_name=_GRAMS, index_option="basic")
        for field in FIELDS:
            builder.add_text_field(field, tokenizer_name=_WORDS, index_option="freq")
        self.schema = builder.build()
        self.words = analyzer(language)
        with _telling():
            if not create and not tantivy.Index.exists(str(directory)):
                raise IndexBroken(f"there is none in {directory}")
            self._index = tantivy.Index(self.schema, path=str(directory))
            self._index.register_tokenizer(_GRAMS, _grams())
            self._index.register_tokenizer(_WORDS, self.words)

    def writer(self, octets: int) -> IndexWriter:
        """The right to write, of one process only; raises IndexBroken while another has it."""
        with _telling():
            return IndexWriter(self.schema, self._index.writer(heap_size=octets, num_threads=1))

    def reload(self) -> None:
        """See what was committed meanwhile; raises IndexBroken."""
        with _telling():
            self._index.reload()

    def candidates(self, account: int, text: str, most: int) -> frozenset[int] | None:
        """Numbers of the account's messages that may hold the casemapped text; None for too many to tell.

        A long call that lets other threads run. Raises IndexBroken.
        """
        grams = dict.fromkeys(text[at : at + GRAM] for at in range(len(text) - GRAM + 1))
        if not grams:
            return None
        query, occur = tantivy.Query, tantivy.Occur
        all_grams = query.boolean_query([(occur.Must, self._term(_GRAMS, gram)) for gram in [*grams][:MOST_GRAMS]])
        either = query.boolean_query([(occur.Should, all_grams), (occur.Should, self._term(_OPEN, 1))])
        asked = query.boolean_query([(occur.Must, self._term(_ACCOUNT, account)), (occur.Must, either)])
        found: list[int] = []
        with _telling():
            searcher = self._index.searcher()
            count = cast(Any, searcher.search(asked, limit=1)).count  # its stubs have no count
            if count > most:
                return None
            for at in range(0, count, HITS_AT_ONCE):
                page = searcher.search(asked, limit=HITS_AT_ONCE, offset=at, count=False, order_by_field=_KEY)
                found += [key & (1 << _BITS) - 1 for key, _ in page.hits]
        return frozenset(found)

    def ranked(self, account: int, fields: Iterable[Field], text: str, most: int) -> dict[int, float]:
        """The best of the account's messages with all the words, or words like them, in any of the fields.

        How well they fit, up to 1, by number. A long call that lets other threads run. Raises IndexBroken.
        """
        words = [*dict.fromkeys(self.words.analyze(text))][:MOST_WORDS]
        if not words:
            return {}
        query, occur = tantivy.Query, tantivy.Occur
        # the account filters and does not rank
        clauses = [(occur.Must, query.const_score_query(self._term(_ACCOUNT, account), 0.0))]
        for word in words:
            anywhere = [(occur.Should, one) for field in fields for one in self._like(field, word)]
            clauses.append((occur.Must, query.boolean_query(anywhere)))
        asked = query.boolean_query(clauses)
        found: dict[int, float] = {}
        best = 0.0
        with _telling():
            searcher = self._index.searcher()
            for at in range(0, most, HITS_AT_ONCE):
                hits = searcher.search(asked, limit=HITS_AT_ONCE, offset=at, count=False).hits
                best = best or (hits[0][0] if hits else 1.0)
                for key, (points, _) in zip(_keys(searcher, hits), hits, strict=True):
                    found[key & (1 << _BITS) - 1] = points / best
                if len(hits) < HITS_AT_ONCE:
                    break
        return found

    def _like(self, field: Field, word: str) -> list[tantivy.Query]:
        """The word itself, words that begin with it, and words with a letter or two wrong; the first weigh most."""
        query = tantivy.Query
        found = [query.boost_query(self._term(field.value, word), EXACT_WEIGHT)]
        if len(word) >= PREFIX_FROM:
            found.append(query.fuzzy_term_query(self.schema, field.value, word, 0, prefix=True))
        wrong = sum(len(word) >= length for length in WRONG_FROM)
        if wrong:
            like = query.fuzzy_term_query(self.schema, field.value, word, wrong)
            found.append(query.boost_query(like, LIKE_WEIGHT))
        return found

    def _term(self, field: str, value: Any) -> tantivy.Query:
        return tantivy.Query.term_query(self.schema, field, value, "basic")


class IndexWriter:
    """The writing end; what it did is there for others, and durable, after `commit`."""

    def __init__(self, schema: tantivy.Schema, writer: Any) -> None:
        self._schema = schema
        self._writer = writer

    @property
    def committed(self) -> int:
        """The number of the last commit."""
        return int(self._writer.commit_opstamp)

    def add(self, document: Document) -> None:
        """Add a message that is not there."""
        made = tantivy.Document()
        made.add_unsigned(_ACCOUNT, document.account)
        made.add_unsigned(_KEY, key_of(document.account, document.message))
        if document.open:
            made.add_unsigned(_OPEN, 1)
        made.add_text(_GRAMS, document.text)
        words = document.words
        for field, text in zip(FIELDS, (words.subject, words.from_, words.to, words.body, words.files), strict=True):
            if text:
                made.add_text(field, text)
        self._do(self._writer.add_document, made)

    def remove(self, account: int, messages: Iterable[int]) -> None:
        """Remove messages, whether they are there or not."""
        for message in messages:
            self._remove(_KEY, key_of(account, message))

    def remove_account(self, account: int) -> None:
        """Remove all of an account's messages."""
        self._remove(_ACCOUNT, account)

    def commit(self) -> int:
        """Make it durable; the number of this commit. Raises IndexBroken (disk full, too)."""
        return int(self._do(self._writer.commit))

    def close(self) -> None:
        """Wait for what merges, and give memory back; what was not committed is forgotten."""
        self._do(self._writer.rollback)
        self._do(self._writer.wait_merging_threads)
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of the GNU C library
        if trim is not None:
            trim(0)

    def _remove(self, field: str, value: int) -> None:
        # by a query: tantivy-py 0.27 takes the number of delete_documents_by_term for a signed one, and finds nothing
        query = tantivy.Query.term_query(self._schema, field, value, "basic")
        self._do(self._writer.delete_documents_by_query, query)

    def _do(self, call: Any, *arguments: Any) -> Any:
        with _telling():
            return call(*arguments)


def analyzer(language: str) -> tantivy.TextAnalyzer:
    """Text to words: without case, accents and the endings of that language."""
    builder = (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(WORD_LENGTH))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
    )
    if language != "none":
        builder = builder.filter(tantivy.Filter.stemmer(language))
    return builder.build()


def _grams() -> tantivy.TextAnalyzer:
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.ngram(GRAM, GRAM, False)).build()
