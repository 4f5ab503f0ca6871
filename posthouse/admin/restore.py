"""Bringing a backup back: built beside what is there, checked, and put in its place at the end."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from posthouse.admin.backup import (
    BLOBS,
    CONFIGURATION,
    COPIES_AT_ONCE,
    Manifest,
    NoBackup,
    copy_blob,
    digest_of,
    opened_copy,
    read_manifest,
    used_files,
)
from posthouse.admin.letters import chosen_accounts
from posthouse.admin.rebuild import rebuild_search
from posthouse.admin.verify import blob_pages
from posthouse.core.maintenance.account import renew_account
from posthouse.core.maintenance.bodies import is_sound
from posthouse.storage.blobs.files import FileBlobs
from posthouse.storage.blobs.records import BlobPlace, forget_unused
from posthouse.storage.blobs.settings import BlobSettings
from posthouse.storage.contract import Refused, Store
from posthouse.storage.durable import sync
from posthouse.storage.lmdb.copies import DATABASE
from posthouse.storage.lmdb.engine import LOCK, RESTORING
from posthouse.storage.schema import SchemaTooNew

STORE = "store"


class NotEmpty(Refused):
    """args: the folder that is there already."""


class Restored(msgspec.Struct, frozen=True):
    """What was brought back; `aside` says where the earlier store is.

    `missing` and `damaged` name blob files that the backup lacks, or has with other octets than were stored.
    """

    manifest: Manifest
    accounts: int
    files: int
    missing: list[str]
    damaged: list[str]
    aside: list[str]


async def check_backup(source: Path) -> Manifest:
    """What a whole backup's manifest says; raises NoBackup for what is none."""
    manifest = read_manifest(source)
    file = source / manifest.store / DATABASE
    if not file.is_file():
        raise NoBackup(str(source), f"{file} is missing")
    if await asyncio.to_thread(digest_of, file) != (manifest.database_octets, manifest.database_sha256):
        raise NoBackup(str(source), f"{file} is not what the manifest says")
    return manifest


@contextmanager
def restored_configuration(source: Path, base: Path) -> Iterator[None]:
    """The configuration and keys of a backup in a new folder; gone again when what follows fails. Raises NotEmpty."""
    if base.exists() and any(base.iterdir()):
        raise NotEmpty(str(base))
    try:
        shutil.copytree(source / CONFIGURATION, base, dirs_exist_ok=True)
        yield
    except BaseException:
        shutil.rmtree(base)
        raise


async def restore(
    source: Path, base: Path, *, replace: bool, now: Callable[[], int], done: Callable[[int], None]
) -> Restored:
    """Bring store and blobs back into the installation's folder; nothing else may use them.

    What was there is set aside when `replace` allows. Clients must not take the restored accounts for what they knew
    (numbers would be given twice), so each account is made new to them. Raises NoBackup, NotEmpty, OSError.
    """
    if (base / STORE / DATABASE).exists() and not replace:
        raise NotEmpty(str(base / STORE))
    manifest = await check_backup(source)
    store, blobs = base / (STORE + RESTORING), base / (BLOBS + RESTORING)
    for leftover in (store, blobs):
        if leftover.exists():
            shutil.rmtree(leftover)
    await asyncio.to_thread(shutil.copytree, source / manifest.store, store)
    files = FileBlobs(blobs, BlobSettings())
    restored = Restored(manifest, 0, 0, [], [], [])
    try:
        async with opened_copy(store) as copy:
            restored = await _fill_blobs(copy, source / BLOBS, files, restored, done)
            accounts = await _renew(copy, now)
    except SchemaTooNew as error:
        raise NoBackup(str(source), str(error)) from None
    finally:
        files.close()
    await asyncio.to_thread(_sync_all, store, blobs)
    return msgspec.structs.replace(restored, accounts=accounts, aside=_swap(base, now()))


async def _fill_blobs(
    copy: Store, source: Path, blobs: FileBlobs, restored: Restored, done: Callable[[int], None]
) -> Restored:
    files = 0

    async def bring(place: BlobPlace) -> None:
        nonlocal files
        location = str(place.location)
        if not await asyncio.to_thread(copy_blob, source / location, blobs.directory / location):
            restored.missing.append(location)
        elif await is_sound(blobs, place):
            files += 1
        else:
            restored.damaged.append(location)
        done(1)

    async for page in blob_pages(copy):
        used = used_files(page)
        for at in range(0, len(used), COPIES_AT_ONCE):
            await asyncio.gather(*(bring(place) for place in used[at : at + COPIES_AT_ONCE]))
        # of what nobody held there are no files: the next letter of that content must be stored again
        await copy.write(forget_unused, [hash_ for hash_, count in page.counts.items() if not count])
    return msgspec.structs.replace(restored, files=files)


async def _renew(copy: Store, now: Callable[[], int]) -> int:
    # message numbers are given again that the index beside the store knows from before
    await rebuild_search(copy)
    accounts = 0
    async for account in chosen_accounts(copy, None):
        await copy.write(renew_account, account, now())
        accounts += 1
    return accounts


def _sync_all(store: Path, blobs: Path) -> None:
    for path in [*blobs.iterdir(), blobs, store / DATABASE, store]:
        sync(path)


def _swap(base: Path, now: int) -> list[str]:
    # the store goes first and comes last: while it is away, no server begins an empty one (HalfRestored)
    aside = []
    for name in (STORE, BLOBS):
        held = base / name
        (held / LOCK).unlink(missing_ok=True)
        if held.exists() and any(held.iterdir()):
            earlier = base / f"{name}.before-{now}"
            held.rename(earlier)
            aside.append(str(earlier))
        elif held.exists():
            held.rmdir()
        sync(base)
    for name in (BLOBS, STORE):
        (base / (name + RESTORING)).rename(base / name)
        sync(base)
    return aside
