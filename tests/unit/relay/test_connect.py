"""From the connection to a session: greeting, EHLO, STARTTLS by policy, login, and all that can fail there."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from msgspec import structs

from posthouse.core.queue.contracts import ConnectFailed, RemoteLogin
from posthouse.protocols.smtp.relay.channel import TlsFailed
from tests.unit.relay.remote import EXTENSIONS, GONE, QUICK, SILENT, Octets, Remote, hop, message, relay_to, results

TLS = (*EXTENSIONS, "STARTTLS")
MUST = pytest.mark.parametrize("mode", ["encrypted", "dane", "verified"])
BROKEN = TlsFailed("validation-failure", "TLS failed: no shared cipher")


async def refused(remote: Remote, mode: str = "opportunistic", **fields: object) -> ConnectFailed:
    """How it fails to connect."""
    with pytest.raises(ConnectFailed) as caught:
        await relay_to(remote).connect(hop(mode, **fields))
    assert all(not channel.is_open for channel in remote.channels)
    return caught.value


@pytest.mark.parametrize(
    ("step", "reply", "code", "words"),
    [
        ("greeting", "554 5.7.1 not you", 554, "not you"),
        ("greeting", "421 4.3.2 busy", 421, "busy"),
        ("greeting", "450 4.7.1 later", 450, "later"),
        ("greeting", GONE, 0, "the connection broke"),
        ("greeting", SILENT, 0, "no answer within 0.05 seconds"),
        ("greeting", "SSH-2.0-OpenSSH", 0, "expected a reply"),
        ("greeting", "220 " + "x" * 10_000, 0, "more than 4096 octets"),
        ("greeting", "220-x\r\n" * 300 + "220 x", 0, "more than 200 lines"),
        ("greeting", "220-" + "\r\n220-".join(["x" * 4000] * 9) + "\r\n220 x", 0, "more than 32768 octets"),
        ("EHLO", "421 4.3.2 closing", 421, "closing"),
        ("EHLO", "451 4.3.0 later", 451, "later"),
        ("EHLO", GONE, 0, "the connection broke"),
        ("EHLO", SILENT, 0, "no answer within"),
        ("EHLO", "354 what?", 354, "what?"),
    ],
)
async def test_it_does_not_come_to_a_session(step: str, reply: str, code: int, words: str) -> None:
    failed = await refused(Remote(**{step: reply}))
    assert failed.code == code
    assert words in failed.words
    assert failed.tls == ""
    assert failed.status


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (TimeoutError(), "no connection within 30 seconds"),
        (OSError(101, "Network is unreachable"), "Network is unreachable"),
    ],
)
async def test_it_does_not_come_to_a_connection(error: OSError, words: str) -> None:
    remote = Remote()
    remote.unreachable = error
    failed = await refused(remote)
    assert (failed.words, failed.status, failed.code) == (words, "4.4.1", 0)


async def test_a_server_of_old() -> None:
    remote = Remote(EHLO="502 5.5.1 no such command")
    session = await relay_to(remote).connect(hop())
    assert results(await session.carry(message(), Octets())) == [("taken", 250, "2.0.0")]
    assert remote.said[:3] == ["EHLO mail.example.org", "HELO mail.example.org", "MAIL FROM:<alice@example.org>"]
    assert session.tls_failure == "starttls-not-supported"


async def test_a_server_that_wants_neither() -> None:
    failed = await refused(Remote(EHLO="550 5.7.1 bad name", HELO="550 5.7.1 bad name"))
    assert (failed.code, failed.status, failed.permanent) == (550, "5.7.1", True)


@pytest.mark.parametrize(
    ("replies", "code", "status", "permanent"),
    [
        ({"greeting": "554 5.7.1 not you"}, 554, "4.7.1", False),
        ({"greeting": "554 no service"}, 554, "4.3.2", False),
        ({"greeting": "421 4.3.2 busy"}, 421, "4.3.2", False),
        ({"greeting": "521 no mail here"}, 521, "5.3.2", True),
        ({"EHLO": "450 4.7.0 greylisted"}, 450, "4.7.0", False),
        ({"EHLO": "550 5.7.1 bad name", "HELO": "450 later"}, 450, "4.3.2", False),
    ],
)
async def test_refused_for_now_or_for_ever(replies: dict[str, Any], code: int, status: str, permanent: bool) -> None:
    failed = await refused(Remote(**replies))
    assert (failed.code, failed.status, failed.permanent) == (code, status, permanent)


# TLS


@pytest.mark.parametrize("mode", ["opportunistic", "encrypted", "dane", "verified"])
async def test_tls_where_it_is_offered(mode: str) -> None:
    remote = Remote(*TLS)
    session = await relay_to(remote).connect(hop(mode))
    assert remote.verbs() == ["EHLO", "STARTTLS", "EHLO"]  # what was offered before counts no more (RFC 3207 4.2)
    assert remote.channels[0].peer.tls
    assert session.tls_failure == ""


async def test_none_means_none() -> None:
    remote = Remote(*TLS)
    session = await relay_to(remote).connect(hop("none"))
    assert remote.verbs() == ["EHLO"]
    assert session.tls_failure == ""


@pytest.mark.parametrize("extensions", [EXTENSIONS, TLS], ids=["not offered", "refused"])
async def test_in_plain_text_where_tls_is_not_had(extensions: tuple[str, ...]) -> None:
    remote = Remote(*extensions, STARTTLS="454 4.7.0 not now")
    session = await relay_to(remote).connect(hop())
    assert session.tls_failure == "starttls-not-supported"
    assert results(await session.carry(message(), Octets())) == [("taken", 250, "2.0.0")]
    assert len(remote.channels) == 1


@MUST
@pytest.mark.parametrize("extensions", [EXTENSIONS, TLS], ids=["not offered", "refused"])
async def test_not_at_all_where_tls_must_be(mode: str, extensions: tuple[str, ...]) -> None:
    failed = await refused(Remote(*extensions, STARTTLS="454 4.7.0 not now"), mode)
    assert failed.tls == "starttls-not-supported"
    assert failed.status == "4.7.4"


async def test_a_handshake_that_fails_leads_to_plain_text_on_another_connection() -> None:
    remote = Remote(*TLS)
    remote.tls = [BROKEN]
    session = await relay_to(remote).connect(hop())
    assert len(remote.channels) == 2
    assert not remote.channels[0].is_open
    assert remote.verbs() == ["EHLO", "STARTTLS", "EHLO"]
    assert session.tls_failure == "validation-failure"
    assert results(await session.carry(message(), Octets())) == [("taken", 250, "2.0.0")]


@MUST
async def test_but_not_where_tls_must_be(mode: str) -> None:
    remote = Remote(*TLS)
    remote.tls = [BROKEN]
    failed = await refused(remote, mode)
    assert (failed.tls, failed.words, failed.status) == (BROKEN.result, BROKEN.words, "4.7.5")
    assert len(remote.channels) == 1


async def test_a_server_that_has_not_proved_itself() -> None:
    remote = Remote(*TLS)
    verdict = TlsFailed("certificate-host-mismatch", "the certificate is not for mx.example.net")
    with pytest.raises(ConnectFailed) as caught:
        await relay_to(remote, verdict).connect(hop("verified"))
    assert caught.value.tls == "certificate-host-mismatch"
    assert remote.verbs() == ["EHLO", "STARTTLS", "QUIT"]


@pytest.mark.parametrize(
    ("extensions", "handshake", "verdict", "result"),
    [
        (EXTENSIONS, None, True, "starttls-not-supported"),
        (TLS, BROKEN, True, "validation-failure"),
        (TLS, None, TlsFailed("certificate-expired", "old"), "certificate-expired"),
        (TLS, None, True, ""),
    ],
)
async def test_a_policy_under_test_only_reports(
    extensions: tuple[str, ...], handshake: TlsFailed | None, verdict: bool | TlsFailed, result: str
) -> None:
    """RFC 8461 5: in `testing`, mail goes all the same."""
    remote = Remote(*extensions)
    remote.tls = [handshake]
    session = await relay_to(remote, verdict).connect(hop("verified", testing=True))
    assert session.tls_failure == result
    assert results(await session.carry(message(), Octets())) == [("taken", 250, "2.0.0")]


async def test_what_was_injected_before_tls_is_dropped() -> None:
    remote = Remote(*TLS, STARTTLS="220 go on\r\n250-evil\r\n250 AUTH PLAIN")
    session = await relay_to(remote).connect(hop())
    assert session.is_usable
    assert remote.verbs() == ["EHLO", "STARTTLS", "EHLO"]


async def test_tls_from_the_start() -> None:
    remote = Remote(*TLS)
    await relay_to(remote).connect(hop("verified", implicit_tls=True))
    assert remote.verbs() == ["EHLO"]
    assert remote.channels[0].peer.tls
    broken = Remote(*TLS)
    broken.tls = [BROKEN]
    assert (await refused(broken, "opportunistic", implicit_tls=True)).tls == "validation-failure"


# Login

LOGIN = RemoteLogin("user", "pencil")


def encoded(*texts: str) -> list[str]:
    return [base64.b64encode(text.encode()).decode() for text in texts]


async def test_login_by_plain() -> None:
    remote = Remote(*TLS, "AUTH LOGIN PLAIN", AUTH="235 2.7.0 ok")
    await relay_to(remote).connect(hop("encrypted", login=LOGIN))
    assert remote.said[-1] == f"AUTH PLAIN {encoded(chr(0) + 'user' + chr(0) + 'pencil')[0]}"


async def test_login_by_login() -> None:
    name, password = encoded("user", "pencil")
    ask_name, ask_password = encoded("Username:", "Password:")
    replies = {"AUTH": f"334 {ask_name}", name: f"334 {ask_password}", password: "235 2.7.0 ok"}
    remote = Remote(*TLS, "AUTH LOGIN", **replies)
    await relay_to(remote).connect(hop("encrypted", login=LOGIN))
    assert remote.said[-3:] == ["AUTH LOGIN", name, password]


async def test_a_login_that_is_refused() -> None:
    remote = Remote(*TLS, "AUTH PLAIN", AUTH="535 5.7.8 wrong password")
    failed = await refused(remote, "encrypted", login=LOGIN)
    assert (failed.words, failed.status, failed.code) == ("login: wrong password", "5.7.8", 535)


@pytest.mark.parametrize("offered", ["AUTH PLAIN LOGIN", "AUTH CRAM-MD5", "HELP"])
async def test_no_password_is_sent_where_others_could_listen(offered: str) -> None:
    remote = Remote(*EXTENSIONS, offered)
    failed = await refused(remote, login=LOGIN)
    assert "there is no TLS" in failed.words
    assert "AUTH" not in remote.verbs()


async def test_no_way_to_log_in_that_we_know() -> None:
    failed = await refused(Remote(*TLS, "AUTH CRAM-MD5"), "encrypted", login=LOGIN)
    assert "CRAM-MD5" in failed.words


@pytest.mark.parametrize(("mechanism", "reply"), [("PLAIN", "334 "), ("LOGIN", "334 eA=="), ("LOGIN", "334 ?")])
async def test_a_server_that_asks_on_and_on(mechanism: str, reply: str) -> None:
    remote = Remote(*TLS, f"AUTH {mechanism}", AUTH=reply, **dict.fromkeys(encoded("user", "pencil"), reply))
    remote.replies["*"] = "501 5.7.0 ended"
    assert (await refused(remote, "encrypted", login=LOGIN)).words.startswith("login: ")
    assert "*" in remote.verbs()


async def test_a_server_that_asks_for_too_many_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote(*TLS, "AUTH SCRAM-SHA-256")
    relay = relay_to(remote, settings=structs.replace(QUICK, scram_iterations=4096))

    def answer(verb: str) -> str:
        if verb != "AUTH":
            return Remote.next(remote, verb)
        nonce = base64.b64decode(remote.said[-1].split()[2]).decode().partition(",r=")[2]
        return f"334 {encoded(f'r={nonce}more,s=AAAA,i=4097')[0]}"

    monkeypatch.setattr(remote, "next", answer)
    with pytest.raises(ConnectFailed, match="4097 rounds"):
        await relay.connect(hop("encrypted", login=LOGIN))
