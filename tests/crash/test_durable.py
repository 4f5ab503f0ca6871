"""`durable.c` itself: what it keeps is what was synced, also when the server is killed while it is at work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.test_powerloss import begin_image, compile_shim

SYNC = """
import os, resource, sys
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
folder = os.open(os.path.dirname(sys.argv[1]), os.O_RDONLY)
os.write(file, b"first")
os.fsync(file)
os.fsync(folder)
os.ftruncate(file, 0)
os.lseek(file, 0, os.SEEK_SET)
os.write(file, sys.argv[2].encode())
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), -1))
os.fsync(file)
"""


@pytest.mark.parametrize(
    ("then", "room", "ended", "held"),
    [
        ("second, longer", 1000, 0, "second, longer"),
        ("2", 1000, 0, "2"),
        ("second, longer", 0, -signal.SIGABRT, "first"),  # ends at the first octet that it brings over
    ],
)
def test_a_kill_amid_a_sync_takes_nothing_from_what_was_synced(
    tmp_path: Path, then: str, room: int, ended: int, held: str
) -> None:
    root, image = tmp_path / "root", tmp_path / "image"
    root.mkdir()
    begin_image(root, image)
    library = compile_shim(tmp_path / "durable.so")
    preload = {"LD_PRELOAD": str(library), "DURABLE_ROOT": str(root), "DURABLE_IMAGE": str(image)}
    command = [sys.executable, "-S", "-c", SYNC, str(root / "file"), then, str(room)]
    done = subprocess.run(command, env=os.environ | preload, check=False)
    assert done.returncode == ended
    assert (image / "names" / "file").read_text() == held
