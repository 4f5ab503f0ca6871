"""curl speaks IMAP, IMAPS and SMTP, and asks for /health and /metrics."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.clients.conftest import Person
from tests.clients.inbox import subjects
from tests.served import Served


def curl(*arguments: str) -> str:
    command = ["curl", "--silent", "--show-error", "--max-time", "30", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_submit_and_read(server: Served, person: Person, tmp_path: Path) -> None:
    letter = tmp_path / "letter"
    letter.write_bytes(f"From: {person.address}\r\nSubject: by curl\r\n\r\nhello\r\n".encode())
    user = f"{person.address}:{person.password}"
    secure = ["--cacert", str(server.certificate), "--resolve", f"localhost:{server.port('submissions')}:127.0.0.1"]
    curl(
        *secure,
        *("--user", user, "--mail-from", person.address, "--mail-rcpt", person.address),
        *("--upload-file", str(letter), f"smtps://localhost:{server.port('submissions')}"),
    )
    assert subjects(server, person) == ["by curl"]
    said = curl("--user", user, f"imap://127.0.0.1:{server.port('imap')}/INBOX;UID=1")
    assert "Subject: by curl" in said
    said = curl("--user", user, "--insecure", f"imaps://127.0.0.1:{server.port('imaps')}/", "--request", 'LIST "" *')
    assert "INBOX" in said


def test_health_and_metrics(server: Served) -> None:
    base = f"http://127.0.0.1:{server.port('http')}"
    assert curl("--fail", f"{base}/health").strip()
    metrics = curl("--fail", f"{base}/metrics")
    assert "posthouse_" in metrics
