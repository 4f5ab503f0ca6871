"""Where the index and its own store lie; what cannot be read there is removed, for it can be made anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import lmdb
import structlog

from posthouse.core.search.index import Index, IndexBroken, IndexWriter
from posthouse.core.search.settings import SearchSettings
from posthouse.server.pages import give_back_pages
from posthouse.storage.durable import sync
from posthouse.storage.lmdb.local import LocalStore
from posthouse.storage.settings import StoreSettings

log = structlog.get_logger()


def index_directory(base: Path) -> Path:
    """The index proper."""
    return base / "index"


def texts_directory(base: Path) -> Path:
    """The store of the texts and of how far the index is."""
    return base / "texts"


class IndexFolder:
    """The index of one machine."""

    def __init__(self, base: Path, settings: SearchSettings) -> None:
        self._directory = index_directory(base)
        self._settings = settings

    def writer(self) -> IndexWriter:
        self._make()
        try:
            index = self._open()
        except IndexBroken as broken:
            log.error("the search index cannot be read", why=str(broken))
            self.begin_anew()
            self._make()
            index = self._open()
        return index.writer(self._settings.memory_mebibytes << 20)

    def begin_anew(self) -> None:
        shutil.rmtree(self._directory)
        sync(self._directory.parent)

    def rest(self) -> None:
        give_back_pages()

    def _open(self) -> Index:
        return Index(self._directory, self._settings.language, create=True)

    def _make(self) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync(self._directory.parent)


def open_texts(base: Path) -> LocalStore:
    """The index's own store, an empty one where none can be read; raises StoreInUse while another has it."""
    directory = texts_directory(base)
    directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return LocalStore.open(directory, StoreSettings())
    except lmdb.Error as error:
        log.error("the texts of the search index cannot be read", why=str(error))
        shutil.rmtree(directory)
        return LocalStore.open(directory, StoreSettings())
