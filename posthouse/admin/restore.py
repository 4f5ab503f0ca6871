"""Bringing a backup back: built beside what is there, checked, and put in its place at the end."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from posthouse.admin.backup import (
    BLOBS,
    CONFIGURATION,
    Manifest,
    NoBackup,
    copy_blob,
    digest_of,
    opened_copy,
    read_manifest,
    sync_directory,
    used_files,
)
from posthouse.admin.letters import chosen_accounts
from posthouse.core.maintenance.account import renew_account
from posthouse.storage.contract import Refused
from posthouse.storage.lmdb.copies import DATABASE

STORE = "store"
RESTORING = ".restoring"


class NotEmpty(Refused):
    """args: the folder that is there already."""


class Restored(msgspec.Struct, frozen=True):
    """What was brought back; `missing` names blob files that the backup lacks, `aside` where the earlier ones are."""

    manifest: Manifest
    accounts: int
    files: int
    missing: list[str]
    aside: list[str]


def restore_configuration(source: Path, base: Path) -> None:
    """Put the configuration and keys of a backup into a new folder; raises NoBackup, NotEmpty."""
    read_manifest(source)
    if base.exists() and any(base.iterdir()):
        raise NotEmpty(str(base))
    shutil.copytree(source / CONFIGURATION, base, dirs_exist_ok=True)


async def restore(
    source: Path, base: Path, *, replace: bool, now: Callable[[], int], done: Callable[[int], None]
) -> Restored:
    """Bring store and blobs back into the installation's folder; nothing else may use them.

    What was there is set aside when `replace` allows. Clients must not take the restored accounts for what they knew
    (numbers would be given twice), so each account is made new to them. Raises NoBackup, NotEmpty, OSError.
    """
    manifest = read_manifest(source)
    if (base / STORE / DATABASE).exists() and not replace:
        raise NotEmpty(str(base / STORE))
    await asyncio.to_thread(_check_database, source, manifest)
    store, blobs = base / (STORE + RESTORING), base / (BLOBS + RESTORING)
    for leftover in (store, blobs):
        if leftover.exists():
            shutil.rmtree(leftover)
    await asyncio.to_thread(shutil.copytree, source / manifest.store, store)
    blobs.mkdir(mode=0o700)
    accounts, files, missing = await _fill(source, store, blobs, now, done)
    aside = _swap(base, now())
    return Restored(manifest, accounts, files, missing, aside)


def _check_database(source: Path, manifest: Manifest) -> None:
    file = source / manifest.store / DATABASE
    if not file.is_file():
        raise NoBackup(str(source), f"{file} is missing")
    if digest_of(file) != (manifest.database_octets, manifest.database_sha256):
        raise NoBackup(str(source), f"{file} is not what the manifest says")


async def _fill(
    source: Path, store: Path, blobs: Path, now: Callable[[], int], done: Callable[[int], None]
) -> tuple[int, int, list[str]]:
    accounts = files = 0
    missing: list[str] = []
    async with opened_copy(store) as copy:
        async for places in used_files(copy):
            for place in places:
                location = str(place.location)
                if await asyncio.to_thread(copy_blob, source / BLOBS / location, blobs / location):
                    files += 1
                else:
                    missing.append(location)
                done(1)
        async for account in chosen_accounts(copy, None):
            await copy.write(renew_account, account, now())
            accounts += 1
    await asyncio.to_thread(_sync_all, store, blobs)
    return accounts, files, missing


def _sync_all(store: Path, blobs: Path) -> None:
    for folder in [*blobs.iterdir(), blobs, store]:
        sync_directory(folder)


def _swap(base: Path, now: int) -> list[str]:
    aside = []
    for name in (STORE, BLOBS):
        if (base / name).exists():
            earlier = base / f"{name}.before-{now}"
            (base / name).rename(earlier)
            aside.append(str(earlier))
        (base / (name + RESTORING)).rename(base / name)
    sync_directory(base)
    return aside
