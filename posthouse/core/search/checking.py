"""Whether the search index can be believed: its files are whole, and no message is missing that should be in it.

Tantivy puts a checksum at the end of each of its files and does not look at it when it reads. All is looked at beside
an indexer that goes on: only what the last commit names counts, and what that names is never changed, only removed.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import msgspec

from posthouse.core.maintenance.faults import Fault
from posthouse.core.search import shelf
from posthouse.core.search.records import FORMAT, IndexState
from posthouse.core.search.searcher import Readable
from posthouse.core.search.source import count_messages, read_identity
from posthouse.storage.contract import StoreUnavailable

WHERE = "search index"
MEND = "posthouse rebuild search"
MAGIC = 1337  # ends a file, behind the length of its foot
PIECE_OCTETS = 1 << 20
LONGEST_FOOT = 4096
_TRIES = 5  # an indexer may take files away while they are looked at


class _Deletes(msgspec.Struct):
    num_deleted_docs: int
    opstamp: int


class _Segment(msgspec.Struct):
    segment_id: str
    max_doc: int
    deletes: _Deletes | None = None


class _Meta(msgspec.Struct):
    segments: list[_Segment]


class _Foot(msgspec.Struct):
    crc: int


class Checked(msgspec.Struct):
    """What was found, and how many messages are in the index."""

    faults: list[Fault]
    notices: list[str]
    documents: int = 0


async def check_index(store: Readable, kept: Readable, directory: Path, *, quick: bool) -> Checked:
    """Check the index in `directory`; `kept` is its own store. `quick` leaves its files unread."""
    try:
        state = await kept.read(shelf.read_state)
        # before the index: what is counted as indexed must be in it
        progress = await kept.read(shelf.all_progress)
    except StoreUnavailable:
        return Checked([], ["there is no search index yet; searches read the mail itself"])
    if not await _is_of(state, store):
        return Checked([], ["the search index is of another time; the server makes it anew while it runs"])
    meta = _read_meta(directory)
    if meta is None:
        return Checked([_fault("meta.json is missing or cannot be read")], [])
    faults = [] if quick else _check_files(directory, meta)
    documents = sum(one.max_doc - (one.deletes.num_deleted_docs if one.deletes else 0) for one in meta.segments)
    messages = 0
    for account, upto in progress.items():
        messages += await store.read(count_messages, account, upto)
    if documents < messages:
        faults.append(_fault(f"{documents} messages are in it that should be at least {messages}"))
    return Checked(faults, [], documents)


async def _is_of(state: IndexState | None, store: Readable) -> bool:
    return state is not None and state.format == FORMAT and state.identity == await store.read(read_identity)


def _check_files(directory: Path, meta: _Meta) -> list[Fault]:
    for _ in range(_TRIES):
        faults = []
        for name in sorted(_names(directory, meta)):
            why = _what_is_wrong(directory / name)
            if why is not None:
                faults.append(_fault(f"{name}: {why}"))
        newer = _read_meta(directory)
        if not faults or newer is None or newer == meta:
            return faults
        meta = newer  # files were merged and taken away meanwhile
    return faults


def _names(directory: Path, meta: _Meta) -> set[str]:
    """The files of the segments that the last commit names."""
    names = set()
    for segment in meta.segments:
        stem = segment.segment_id.replace("-", "")
        deletes = None if segment.deletes is None else f"{stem}.{segment.deletes.opstamp}.del"
        for path in directory.glob(f"{stem}.*"):
            if not path.name.endswith(".del"):
                names.add(path.name)
        names |= {f"{stem}.{kind}" for kind in ("term", "idx", "fast", "store", "fieldnorm")}
        names |= {deletes} if deletes else set()
    return names


def _what_is_wrong(path: Path) -> str | None:
    """None for a file whose checksum fits."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(max(0, size - 8))
            end = file.read(8)
            length, magic = int.from_bytes(end[:4], "little"), int.from_bytes(end[4:], "little")
            if size < 8 or magic != MAGIC or length > min(size - 8, LONGEST_FOOT):
                return "it is cut short"
            file.seek(size - 8 - length)
            foot = msgspec.json.decode(file.read(length), type=_Foot)
            file.seek(0)
            crc, left = 0, size - 8 - length
            while left and (piece := file.read(min(PIECE_OCTETS, left))):
                crc, left = zlib.crc32(piece, crc), left - len(piece)
    except FileNotFoundError:
        return "it is missing"
    except (OSError, msgspec.DecodeError) as error:
        return f"it cannot be read: {error}"
    return None if crc == foot.crc else "its checksum does not fit"


def _read_meta(directory: Path) -> _Meta | None:
    try:
        return msgspec.json.decode((directory / "meta.json").read_bytes(), type=_Meta)
    except (OSError, msgspec.DecodeError):
        return None


def _fault(what: str) -> Fault:
    return Fault(WHERE, what, MEND)
