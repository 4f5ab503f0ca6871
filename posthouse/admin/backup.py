"""A backup: a consistent copy of the store, the blob files that it names, the configuration; of a running server, too.

The folder of a backup has `manifest.json`, written last, the store's copy in a folder that the manifest names, `blobs/`
and `configuration/`. A backup into the folder of an earlier one copies only files that are new: blob files never
change. Until the manifest is replaced, the earlier backup is whole.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol

import msgspec

from posthouse import __version__
from posthouse.admin.verify import blob_pages
from posthouse.core.maintenance.blobs import BlobPage
from posthouse.storage.blobs.records import BlobPlace, hold_collection
from posthouse.storage.contract import Refused, Store, StoreUnavailable
from posthouse.storage.durable import sync
from posthouse.storage.lmdb import LocalStore
from posthouse.storage.lmdb.copies import DATABASE
from posthouse.storage.settings import StoreSettings

MANIFEST = "manifest.json"
BLOBS = "blobs"
CONFIGURATION = "configuration"
COPIES_AT_ONCE = 8
HOLD_MS = 3_600_000  # what is in use when the copy is made stays as long, and longer while the backup goes on


class NoBackup(Refused):
    """args: the folder, why it is none."""


class Manifest(msgspec.Struct, frozen=True):
    """What a backup is: `created` in ms since the epoch, the folder of the store and the digest of its database."""

    version: str
    created: int
    store: str
    database_octets: int
    database_sha256: str
    files: int


class Backup(msgspec.Struct, frozen=True):
    """What was written; `missing` names blob files that should have been there and were not."""

    manifest: Manifest
    copied: int
    missing: list[str]


class CopiedStore(Store, Protocol):
    """A store that can be copied while it is used."""

    async def copy_to(self, target: Path) -> None:
        """Write a consistent copy to the new folder `target`."""


class Source(msgspec.Struct, frozen=True):
    """What a backup is made of: the installation's folder and blobs, the files of its configuration."""

    base: Path
    blobs: Path
    configuration: list[Path]


async def backup(
    store: CopiedStore, source: Source, target: Path, now: Callable[[], int], done: Callable[[int], None]
) -> Backup:
    """Write a backup into the folder `target`; `done` hears of every blob file. Raises NoBackup, OSError."""
    _check_target(target)
    name = f"store-{now()}"
    async with _collection_held(store, now):
        await store.copy_to(target / name)
        async with opened_copy(target / name) as copy:
            copied, kept, missing = await _copy_files(copy, source.blobs, target / BLOBS, done)
    for lock in ("lock.mdb", "writer.lock"):
        (target / name / lock).unlink(missing_ok=True)
    for file in source.configuration:
        if file.is_relative_to(source.base):
            _copy_file(file, target / CONFIGURATION / file.relative_to(source.base))
    octets, digest = await asyncio.to_thread(digest_of, target / name / DATABASE)
    manifest = Manifest(__version__, now(), name, octets, digest, len(kept))
    _write_manifest(target, manifest)
    await asyncio.to_thread(_remove_older, target, name, kept)
    return Backup(manifest, copied, missing)


def read_manifest(directory: Path) -> Manifest:
    """What a folder's manifest says; raises NoBackup."""
    try:
        return msgspec.json.decode((directory / MANIFEST).read_bytes(), type=Manifest)
    except OSError as error:
        raise NoBackup(str(directory), f"its manifest cannot be read ({error.strerror})") from None
    except msgspec.MsgspecError as error:
        raise NoBackup(str(directory), f"its manifest is damaged ({error})") from None


@asynccontextmanager
async def opened_copy(directory: Path) -> AsyncIterator[Store]:
    """The store in a folder of a backup."""
    store = LocalStore.open(directory, StoreSettings())
    try:
        yield store
    finally:
        store.close()


def used_files(page: BlobPage) -> list[BlobPlace]:
    """Those that are in use and have files."""
    return [place for place in page.places if place.location is not None and page.counts[place.hash]]


def copy_blob(source: Path, target: Path) -> bool:
    """Copy a file, durably, unless it is there already; False when the source is missing."""
    if target.exists():
        return True
    try:
        _copy_file(source, target)
    except FileNotFoundError:
        return False
    return True


def digest_of(file: Path) -> tuple[int, str]:
    """(octets, SHA-256) of a file; a long call."""
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256")
        return opened.tell(), digest.hexdigest()


def _check_target(target: Path) -> None:
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = {path.name for path in target.iterdir()}
    # one that was cut off has no manifest yet
    if MANIFEST not in names and any(not name.startswith(("store-", BLOBS, CONFIGURATION)) for name in names):
        raise NoBackup(str(target), "it has other things in it")
    (target / BLOBS).mkdir(mode=0o700, exist_ok=True)


@asynccontextmanager
async def _collection_held(store: Store, now: Callable[[], int]) -> AsyncIterator[None]:
    """Nothing that is in use now is collected meanwhile, whatever other backups end."""
    holder = secrets.randbits(63)

    async def hold() -> None:
        while True:
            await asyncio.sleep(HOLD_MS / 4000)
            with suppress(StoreUnavailable):  # it holds for three more tries
                await store.write(hold_collection, holder, now() + HOLD_MS, now())

    await store.write(hold_collection, holder, now() + HOLD_MS, now())
    holding = asyncio.get_running_loop().create_task(hold())
    try:
        yield
    finally:
        holding.cancel()
        with suppress(StoreUnavailable):  # it ends by itself
            await store.write(hold_collection, holder, 0, now())


async def _copy_files(
    copy: Store, source: Path, target: Path, done: Callable[[int], None]
) -> tuple[int, set[str], list[str]]:
    """(files copied, locations of all that are there, those that are missing)."""
    kept: set[str] = set()
    missing: list[str] = []
    copied = 0
    before = await asyncio.to_thread(lambda: {f"{path.parent.name}/{path.name}" for path in target.glob("*/*")})
    async for page in blob_pages(copy):
        locations = [str(place.location) for place in used_files(page)]
        for at in range(0, len(locations), COPIES_AT_ONCE):
            some = locations[at : at + COPIES_AT_ONCE]
            there = await asyncio.gather(
                *(asyncio.to_thread(copy_blob, source / location, target / location) for location in some)
            )
            for location, is_there in zip(some, there, strict=True):
                (kept.add if is_there else missing.append)(location)
            copied += sum(is_there and location not in before for location, is_there in zip(some, there, strict=True))
            done(len(some))
    for folder in {location[:2] for location in kept}:
        sync(target / folder)
    return copied, kept, missing


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    shutil.copyfile(source, partial)
    shutil.copymode(source, partial)
    sync(partial)
    partial.rename(target)


def _write_manifest(target: Path, manifest: Manifest) -> None:
    partial = target / (MANIFEST + ".partial")
    with partial.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    partial.rename(target / MANIFEST)
    sync(target)


def _remove_older(target: Path, store: str, kept: set[str]) -> None:
    """What only an earlier backup in this folder needed."""
    for path in target.glob("store-*"):
        if path.name != store:
            shutil.rmtree(path)
    for path in (target / BLOBS).glob("*/*"):
        if f"{path.parent.name}/{path.name}" not in kept:
            path.unlink()
