"""swaks delivers over plain SMTP, STARTTLS with AUTH, TLS and LMTP."""

from __future__ import annotations

import subprocess

import pytest

from tests.clients.conftest import Person
from tests.clients.inbox import subjects
from tests.served import Served


def swaks(port: int, *arguments: str, status: int = 0) -> str:
    command = ["swaks", "--server", "127.0.0.1", "--port", str(port), "--helo", "client.example.net", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("listener", "arguments"),
    [
        ("smtp", ["--pipeline"]),
        ("smtp", ["--tls"]),
        ("lmtp", ["--protocol", "LMTP"]),
        ("submission", ["--tls", "--auth", "PLAIN"]),
        ("submission", ["--tls", "--auth", "LOGIN"]),
        ("submissions", ["--tls-on-connect", "--auth", "PLAIN"]),
    ],
)
def test_swaks_delivers(server: Served, person: Person, listener: str, arguments: list[str]) -> None:
    sender = "outside@example.net"
    if "--auth" in arguments:
        sender = person.address
        arguments = [*arguments, "--auth-user", person.address, "--auth-password", person.password]
    swaks(server.port(listener), "--from", sender, "--to", person.address, "--header", "Subject: by swaks", *arguments)
    assert subjects(server, person) == ["by swaks"]


def test_an_unknown_recipient_is_refused_in_the_dialogue(server: Served) -> None:
    said = swaks(server.port("smtp"), "--from", "a@example.net", "--to", f"nobody@{server.domain}", status=24)
    assert "550 5.1.1" in said


def test_submission_wants_a_login(server: Served, person: Person) -> None:
    said = swaks(server.port("submission"), "--tls", "--from", person.address, "--to", person.address, status=23)
    assert "530 5.7.0" in said


def test_a_wrong_password_is_refused(server: Served, person: Person) -> None:
    arguments = ["--tls", "--auth", "PLAIN", "--auth-user", person.address, "--auth-password", "wrong"]
    said = swaks(server.port("submission"), "--from", "a@x.org", "--to", person.address, *arguments, status=28)
    assert "535 5.7.8" in said
