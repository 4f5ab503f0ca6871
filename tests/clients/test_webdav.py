"""curl, cadaver and rclone at work on files."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.clients.conftest import Person
from tests.served import Served


def run(*command: str, say: str = "", home: Path | None = None) -> str:
    environment = {"PATH": "/usr/bin:/bin", **({} if home is None else {"HOME": str(home)})}
    done = subprocess.run(
        command,
        input=say,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=home,
        timeout=120,
        start_new_session=True,  # without a terminal cadaver takes the password from its input
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def address(server: Served, person: Person) -> str:
    return f"http://127.0.0.1:{server.port('http')}/dav/files/{person.address}/"


def test_curl_up_and_down_over_tls(server: Served, person: Person, tmp_path: Path) -> None:
    octets = b"".join([number.to_bytes(4, "big") for number in range(1_000_000)])
    (tmp_path / "up").write_bytes(octets)
    port = server.port("https")
    url = f"https://localhost:{port}/dav/files/{person.address}/big"
    curl = ["curl", "--silent", "--show-error", "--fail", "--insecure", "--user", f"{person.address}:{person.password}"]
    run(*curl, "--upload-file", str(tmp_path / "up"), url)
    run(*curl, "--output", str(tmp_path / "down"), url)
    assert (tmp_path / "down").read_bytes() == octets
    run(*curl, "--range", "1000000-1999999", "--output", str(tmp_path / "part"), url)
    assert (tmp_path / "part").read_bytes() == octets[1_000_000:2_000_000]
    run(*curl, "--header", "transfer-encoding: chunked", "--upload-file", str(tmp_path / "part"), url)
    run(*curl, "--output", str(tmp_path / "down"), url)
    assert (tmp_path / "down").read_bytes() == octets[1_000_000:2_000_000]


def test_cadaver(server: Served, person: Person, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("hello")
    steps = ["mkcol stuff", "cd stuff", "put letter.txt", "lock letter.txt", "put letter.txt again.txt"]
    steps += ["unlock letter.txt", "copy letter.txt other.txt", "move other.txt moved.txt", "ls"]
    steps += ["get moved.txt down.txt", "rm again.txt", "quit"]
    (tmp_path / "commands").write_text("\n".join([f"open {address(server, person)}", *steps, ""]))
    said = run("cadaver", "-r", "commands", say=f"{person.address}\n{person.password}\n", home=tmp_path)
    assert "failed" not in said.lower(), said
    assert "moved.txt" in said
    assert (tmp_path / "down.txt").read_text() == "hello"


def test_rclone_syncs_both_ways(server: Served, person: Person, tmp_path: Path) -> None:
    there, near, back = ":webdav:", tmp_path / "near", tmp_path / "back"
    for number in range(30):
        path = near / f"folder {number % 3}" / "Käse & <b>" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(number) * 1000)
    (near / ".DS_Store").write_text("kept")
    password = run("rclone", "obscure", person.password, home=tmp_path).strip()
    options = ["--webdav-url", address(server, person), "--webdav-user", person.address, "--webdav-pass", password]
    run("rclone", "sync", str(near), there, *options, home=tmp_path)
    run("rclone", "sync", there, str(back), *options, home=tmp_path)
    assert held(back) == held(near)
    (back / "folder 1" / "Käse & <b>" / "1.txt").write_text("changed")
    (back / "folder 2" / "Käse & <b>" / "2.txt").unlink()
    run("rclone", "sync", str(back), there, *options, home=tmp_path)
    run("rclone", "sync", there, str(near), *options, home=tmp_path)
    assert held(near) == held(back)
    assert len(held(near)) == 30


def held(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
