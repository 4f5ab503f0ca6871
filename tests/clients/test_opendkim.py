"""OpenDKIM finds our signatures good, of both algorithms, with the keys as posthouse dkim shows them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from posthouse.core.dkim.records import DkimKey, make_keys
from posthouse.core.dkim.signing import signatures
from posthouse.formats.dkim.body import BodyHash

NOW = 1_790_000_000_000
HEADER = (
    b"Received: from here\r\n\tby there; Tue, 24 Nov 2026 02:27:46 +0100\r\n"
    b"From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>\r\n"
    b"to : bob@example.net,\r\n\t carl@example.com \r\n"
    b"To: dora@example.com\r\n"
    b"Subject:\r\n  two   words\t \r\n"
    b"Date: Tue, 24 Nov 2026 02:27:46 +0100\r\n"
    b"Message-ID: <1@example.org>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain;\r\n charset=utf-8\r\n\r\n"
)
BODIES = {
    "text": b"Dear Bob,\r\n\r\n  come  at\tten \r\n",
    "empty": b"",
    "blank": b"\r\n \t\r\n\r\n",
    "blank lines at its end": b"\r\n\r\ntext \r\n \r\n\r\n\r\n",
    "8-bit": "Grüße \u2028\r\n".encode(),
    "long": b"".join(b"line %d  \t of some words\r\n" % number for number in range(20_000)),
}


@pytest.fixture(scope="module")
def keys() -> list[DkimKey]:
    return make_keys("example.org", (), NOW, NOW)


def verdicts(folder: Path, keys: list[DkimKey], message: bytes) -> dict[str, str]:
    """What OpenDKIM says of the signatures, by algorithm; it takes the published keys from a file."""
    (folder / "message.eml").write_bytes(message)
    records = [f"{key.selector}._domainkey.{key.domain} {key.record}\n" for key in keys]
    (folder / "keys").write_text("".join(records))
    (folder / "opendkim.conf").write_text(f"Mode v\nSyslog no\nTestPublicKeys {folder / 'keys'}\n")
    command = ["/usr/sbin/opendkim", "-x", str(folder / "opendkim.conf"), "-t", str(folder / "message.eml"), "-vv"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return {
        algorithm: verdict
        for verdict, algorithm in re.findall(r"dkim=(\w+) .*?header\.a=([\w-]+)", done.stdout, re.DOTALL)
    }


def signed(keys: list[DkimKey], body: bytes) -> bytes:
    body_hash = BodyHash()
    for at in range(0, len(body), 1000):
        body_hash.feed(body[at : at + 1000])
    return signatures(HEADER, body_hash.digest(), keys, NOW) + HEADER + body


@pytest.mark.parametrize("name", BODIES)
def test_opendkim_finds_both_signatures_good(tmp_path: Path, keys: list[DkimKey], name: str) -> None:
    message = signed(keys, BODIES[name])
    assert verdicts(tmp_path, keys, message) == {"rsa-sha256": "pass", "ed25519-sha256": "pass"}


def test_opendkim_finds_a_changed_message_bad(tmp_path: Path, keys: list[DkimKey]) -> None:
    message = signed(keys, BODIES["text"]).replace(b"at\tten", b"at\tone")
    assert verdicts(tmp_path, keys, message) == {"rsa-sha256": "fail", "ed25519-sha256": "fail"}


def test_opendkim_finds_an_added_field_bad(tmp_path: Path, keys: list[DkimKey]) -> None:
    message = signed(keys, BODIES["text"]).replace(b"Received:", b"Subject: another\r\nReceived:")
    assert verdicts(tmp_path, keys, message) == {"rsa-sha256": "fail", "ed25519-sha256": "fail"}
