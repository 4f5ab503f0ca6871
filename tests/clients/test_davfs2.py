"""davfs2: files of an account mounted as a folder of this machine, where it lets folders be mounted."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.conftest import Person
from tests.served import Served


@pytest.fixture
def mounted(server: Served, person: Person, tmp_path: Path) -> Iterator[Path]:
    """The mounted folder; what is written there is sent at once."""
    if os.geteuid() != 0 or not Path("/dev/fuse").exists():
        pytest.skip("mounting needs root and /dev/fuse")
    place = tmp_path / "mounted"
    place.mkdir()
    configuration = tmp_path / "davfs2.conf"
    # newer kernels (6.18 does) ask for a listing as large as who lists has room for, which davfs2 1.6 answers with
    # EINVAL where its own buffer, of 16 KB unless told otherwise, is smaller
    configuration.write_text("use_locks 1\ndelay_upload 0\nask_auth 1\nn_cookies 0\nbuf_size 64\n")
    where = f"http://127.0.0.1:{server.port('http')}/dav/files/{person.address}/"
    done = subprocess.run(
        ["mount", "-t", "davfs", "-o", f"conf={configuration}", where, str(place)],
        input=f"{person.address}\n{person.password}\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode != 0:
        if "fuse" in done.stderr or "not permitted" in done.stderr:
            pytest.skip(f"this machine mounts nothing: {done.stderr.strip()}")
        raise AssertionError(done.stdout + done.stderr)
    yield place
    subprocess.run(["umount", str(place)], check=True, timeout=120)


def listed(folder: Path) -> list[str]:
    """The names in it; davfs2 has a folder of its own beside them."""
    return sorted(each.name for each in folder.iterdir() if each.name != "lost+found")


def test_files_are_written_read_moved_and_removed(mounted: Path, server: Served, person: Person) -> None:
    (mounted / "folder").mkdir()
    octets = bytes(range(256)) * 1000
    (mounted / "folder" / "a file").write_bytes(octets)
    assert (mounted / "folder" / "a file").read_bytes() == octets
    assert listed(mounted / "folder") == ["a file"]
    (mounted / "folder" / "a file").rename(mounted / "other")
    assert listed(mounted) == ["folder", "other"]
    assert listed(mounted / "folder") == []
    assert not (mounted / "folder" / "a file").exists()
    assert (mounted / "other").stat().st_size == len(octets)
    (mounted / "other").chmod(0o755)
    assert (mounted / "other").stat().st_mode & 0o111
    (mounted / "other").unlink()
    (mounted / "folder").rmdir()
    assert not (mounted / "other").exists()
