"""openssl s_client sees the right certificate by STARTTLS and by TLS from the start; old TLS is refused."""

from __future__ import annotations

import subprocess

import pytest

from tests.served import Served


def s_client(server: Served, listener: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port(listener)}", "-brief", *arguments]
    return subprocess.run(
        [*command, "-CAfile", str(server.certificate)],
        input="QUIT\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("listener", "arguments"),
    [
        ("smtp", ["-starttls", "smtp"]),
        ("submission", ["-starttls", "smtp"]),
        ("imap", ["-starttls", "imap"]),
        ("lmtp", ["-starttls", "lmtp", "-name", "client.example.net"]),
        ("imaps", []),
        ("pop3", ["-starttls", "pop3"]),
        ("pop3s", []),
        ("submissions", []),
    ],
)
def test_the_certificate_is_ours(server: Served, listener: str, arguments: list[str]) -> None:
    said = s_client(server, listener, *arguments).stderr
    assert "Verification: OK" in said, said
    assert "TLSv1.3" in said


def test_old_tls_is_refused(server: Served) -> None:
    assert s_client(server, "imaps", "-tls1_1").returncode != 0
