"""curl, Python's poplib, mpop and fetchmail fetch mail by POP3, with STLS and over TLS from the start."""

from __future__ import annotations

import poplib
import ssl
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.clients.conftest import Person
from tests.clients.inbox import session, subjects
from tests.clients.test_curl import curl
from tests.served import Served

LETTER = (
    "From: bob@example.net\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x>\r\n\r\n"
    ".hidden\r\n..\r\nbye\r\n"
)


def put(server: Served, person: Person, *words: str) -> None:
    with session(server, person) as client:
        for word in words:
            client.append("INBOX", LETTER.format(to=person.address, subject=word).encode())


def pop3(server: Served, person: Person, listener: str) -> poplib.POP3:
    """A logged-in connection over TLS."""
    context = ssl.create_default_context(cafile=str(server.certificate))
    if listener == "pop3s":
        client: poplib.POP3 = poplib.POP3_SSL("localhost", server.port(listener), context=context, timeout=20)
    else:
        client = poplib.POP3("localhost", server.port(listener), timeout=20)
        client.stls(context)
    client.user(person.address)
    client.pass_(person.password)
    return client


@pytest.mark.parametrize("listener", ["pop3", "pop3s"])
def test_poplib_does_all_that_it_can(server: Served, person: Person, listener: str) -> None:
    put(server, person, "one", "two", "three")
    client = pop3(server, person, listener)
    capabilities = client.capa()
    assert {"TOP", "UIDL", "PIPELINING", "RESP-CODES", "UTF8"} <= set(capabilities)
    size = len(LETTER.format(to=person.address, subject="one"))
    assert client.stat() == (3, 3 * size + 4)
    _, sizes, _ = client.list()
    assert sizes[0] == b"1 %d" % size
    _, names, _ = client.uidl()
    assert len({line.split()[1] for line in names}) == 3
    _, lines, _ = client.retr(1)
    assert b"\r\n".join([*lines, b""]) == LETTER.format(to=person.address, subject="one").encode()
    _, lines, _ = client.top(2, 1)
    assert lines[-2:] == [b"", b".hidden"]
    with pytest.raises(poplib.error_proto, match="IN-USE"):
        pop3(server, person, listener)
    client.dele(2)
    client.rset()
    client.dele(1)
    client.quit()
    again = pop3(server, person, listener)
    _, left, _ = again.uidl()
    assert [line.split()[1] for line in left] == [line.split()[1] for line in names[1:]]
    again.close()
    assert subjects(server, person) == ["two", "three"]


def test_plain_text_is_refused_over_the_net_only(server: Served, person: Person) -> None:
    with closing(poplib.POP3("127.0.0.1", server.port("pop3"), timeout=20)) as client:
        client.user(person.address)  # from this machine
        client.pass_(person.password)
    with closing(poplib.POP3("127.0.0.1", server.port("pop3"), timeout=20)) as client:
        with pytest.raises(poplib.error_proto, match="APOP"):
            client._shortcmd("APOP a b")
        client.user(person.address)
        with pytest.raises(poplib.error_proto, match=r"\[AUTH\]"):
            client.pass_("wrong")


def test_curl(server: Served, person: Person) -> None:
    put(server, person, "by-curl")
    user = f"{person.address}:{person.password}"
    ports = server.port("pop3"), server.port("pop3s")
    assert "1 " in curl("--user", user, f"pop3://127.0.0.1:{ports[0]}/")
    secure = ["--cacert", str(server.certificate), "--user", user]
    said = curl(*secure, "--ssl-reqd", f"pop3://localhost:{ports[0]}/1")
    assert "Subject: by-curl" in said
    assert "\n.hidden\n..\nbye" in said
    said = curl(*secure, "--login-options", "AUTH=PLAIN", f"pop3s://localhost:{ports[1]}/1")
    assert "Subject: by-curl" in said
    curl(*secure, f"pop3s://localhost:{ports[1]}/1", "--request", "DELE", "--list-only")
    assert subjects(server, person) == []


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("listener", "mechanism"), [("pop3", "scram-sha-256"), ("pop3s", "plain")])
def test_mpop_leaves_mail_and_takes_it(
    server: Served, person: Person, tmp_path: Path, listener: str, mechanism: str
) -> None:
    put(server, person, "one", "two")
    near = tmp_path / "mail"
    for name in ("cur", "new", "tmp"):
        (near / name).mkdir(parents=True)
    configuration = tmp_path / "mpoprc"

    def fetch(keep: str) -> int:
        configuration.write_text(
            f"account default\nhost localhost\nport {server.port(listener)}\nuser {person.address}\n"
            f'password "{person.password}"\ntls on\ntls_starttls {"on" if listener == "pop3" else "off"}\n'
            f"auth {mechanism}\ntls_trust_file {server.certificate}\nkeep {keep}\ndelivery maildir {near}\n"
            f"uidls_file {tmp_path}/uidls\nreceived_header off\n"
        )
        configuration.chmod(stat.S_IRUSR | stat.S_IWUSR)
        run("mpop", f"--file={configuration}", "--quiet")
        return len(list((near / "new").iterdir()))

    assert fetch("on") == 2
    put(server, person, "three")
    assert fetch("on") == 3  # what it has is known by its UIDL
    assert subjects(server, person) == ["one", "two", "three"]
    fetch("off")
    assert subjects(server, person) == []
    assert any(b"\n.hidden\n..\nbye" in path.read_bytes() for path in (near / "new").iterdir())


def test_fetchmail(server: Served, person: Person, tmp_path: Path) -> None:
    put(server, person, "one", "two")
    configuration = tmp_path / "fetchmailrc"
    configuration.write_text(
        f"set no bouncemail\npoll localhost protocol pop3 port {server.port('pop3s')} auth password uidl\n"
        f'  user "{person.address}" password "{person.password}"\n'
        f"  ssl sslcertck sslcertfile {server.certificate} no rewrite fetchall nokeep\n"
        f"  mda \"/bin/sh -c 'cat >>{tmp_path}/mail'\"\n"
    )
    configuration.chmod(stat.S_IRUSR | stat.S_IWUSR)
    run(
        *("env", f"HOME={tmp_path}", f"FETCHMAILHOME={tmp_path}"),
        *("fetchmail", "--fetchmailrc", str(configuration), "--idfile", f"{tmp_path}/ids", "--nosyslog"),
    )
    assert subjects(server, person) == []
    text = (tmp_path / "mail").read_text()
    assert text.count("Message-ID:") == 2
    assert "\n.hidden\n..\nbye" in text
