"""litmus: what every WebDAV server is held to, all suites, and no test fails: in one's own files and in a directory of
the machine that is mapped there.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import Person
from tests.served import Served


@pytest.mark.parametrize("suite", ["basic", "copymove", "props", "locks", "http"])
def test_litmus(server: Served, person: Person, tmp_path: Path, suite: str) -> None:
    _pass(server, person, tmp_path, suite, "")


@pytest.mark.parametrize("suite", ["basic", "copymove", "props", "locks", "http"])
def test_litmus_in_a_mapped_directory(server: Served, person: Person, tmp_path: Path, suite: str) -> None:
    name = f"mapped {suite}"
    plans = tmp_path / "plans"
    plans.mkdir()
    server.cli("directory", "add", name, str(plans))
    server.cli("directory", "share", name, person.address, "write")
    try:
        _pass(server, person, tmp_path, suite, f"Directories/{name.replace(' ', '%20')}/")
    finally:
        server.cli("directory", "remove", name)


def _pass(server: Served, person: Person, tmp_path: Path, suite: str, path: str) -> None:
    url = f"http://127.0.0.1:{server.port('http')}/dav/files/{person.address}/{path}"
    (tmp_path / "htdocs").symlink_to("/usr/share/litmus/htdocs")
    done = subprocess.run(
        [f"/usr/libexec/litmus/{suite}", url, person.address, person.password],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=120,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "FAIL" not in said
    assert "WARNING" not in said, said
