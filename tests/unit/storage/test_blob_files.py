"""Blob files: what stands in them, and what is noticed of damage."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.storage.blobs.contract import BlobDamaged
from posthouse.storage.blobs.files import FileBlobs
from posthouse.storage.blobs.layout import BLOCK
from posthouse.storage.blobs.records import BlobPlace
from posthouse.storage.blobs.settings import BlobSettings
from posthouse.storage.checksum import checksum


@given(st.binary(max_size=1000))
def test_checksums_are_those_of_zlib(octets: bytes) -> None:
    assert checksum(octets) == checksum(memoryview(octets)) == zlib.crc32(octets)


@pytest.mark.parametrize("compress", [False, True])
async def test_damage_is_noticed_where_it_is(tmp_path: Path, compress: bool) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    blobs = FileBlobs(tmp_path, BlobSettings(compress=compress))
    octets = chance.randbytes(BLOCK // 2) * 7  # three blocks and a half, which can be compressed
    writer = blobs.writer()
    for at in range(0, len(octets), 10_000):
        writer.write(octets[at : at + 10_000])
    blob = await writer.finish()
    place = BlobPlace(blob.hash, blob.size, None, blob.location)
    assert await blobs.read(place) == octets
    assert await blobs.read(place, BLOCK - 5, BLOCK + 5) == octets[BLOCK - 5 : BLOCK + 5]
    path = tmp_path / str(blob.location)
    stored = bytearray(path.read_bytes())
    stored[0] ^= 1 << chance.randrange(8)
    path.write_bytes(stored)
    with pytest.raises(BlobDamaged, match="block 0"):
        await blobs.read(place)
    assert await blobs.read(place, BLOCK) == octets[BLOCK:]
    blobs.close()
