"""Certificates: self-signed ones, pairs that do not fit, versions of TLS."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest
from msgspec import structs
from OpenSSL import SSL

from posthouse.server.certificate import (
    BadCertificate,
    KeyPair,
    make_self_signed,
    read_key_pair,
    tls_context,
    write_key_pair,
)
from posthouse.server.settings import TlsSettings

PAIR = make_self_signed(["mail.example.org", "localhost"], ["127.0.0.1"])


def handshake(settings: TlsSettings, client: ssl.SSLContext) -> ssl.SSLSocket:
    ours, theirs = socket.socketpair()
    server = SSL.Connection(tls_context(PAIR, settings), ours)
    server.set_accept_state()

    def answer() -> None:
        try:
            server.do_handshake()
            server.send(b"x")  # TLS 1.3: the ticket comes behind the handshake
        except SSL.Error:
            ours.close()

    threading.Thread(target=answer).start()
    return client.wrap_socket(theirs, server_hostname="localhost")


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=PAIR.certificate.decode())


def test_a_self_signed_certificate_is_good_for_its_names() -> None:
    with handshake(TlsSettings(), trusting()) as session:
        assert session.version() == "TLSv1.3"
        certificate = session.getpeercert()
        assert certificate
        names = certificate["subjectAltName"]
        assert ("DNS", "mail.example.org") in names
        assert ("IP Address", "127.0.0.1") in names


def test_tls_1_2_needs_forward_secrecy_and_may_be_switched_off() -> None:
    client = trusting()
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    with handshake(TlsSettings(), client) as session:
        assert session.version() == "TLSv1.2"
        name, *_ = session.cipher() or ("none",)
        assert name.startswith("ECDHE")
    with pytest.raises(ssl.SSLError):
        handshake(structs.replace(TlsSettings(), minimum_version="1.3"), client)
    client.set_ciphers("AES128-SHA:AES128-GCM-SHA256")
    with pytest.raises(ssl.SSLError):
        handshake(TlsSettings(), client)


def test_what_is_written_can_be_read_and_only_by_the_owner(tmp_path: Path) -> None:
    certificate, key = tmp_path / "keys" / "c.pem", tmp_path / "keys" / "k.pem"
    write_key_pair(PAIR, certificate, key)
    assert read_key_pair(certificate, key) == PAIR
    assert key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        write_key_pair(PAIR, certificate, key)


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (KeyPair(PAIR.certificate, make_self_signed(["x"], []).key), "do not fit together"),
        (KeyPair(b"nothing", PAIR.key), "do not fit together"),
        (KeyPair(PAIR.certificate, b""), "do not fit together"),
    ],
)
def test_a_pair_that_does_not_fit(tmp_path: Path, pair: KeyPair, message: str) -> None:
    (tmp_path / "c.pem").write_bytes(pair.certificate)
    (tmp_path / "k.pem").write_bytes(pair.key)
    with pytest.raises(BadCertificate, match=message):
        read_key_pair(tmp_path / "c.pem", tmp_path / "k.pem")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadCertificate, match=r"c\.pem: No such file"):
        read_key_pair(tmp_path / "c.pem", tmp_path / "k.pem")
