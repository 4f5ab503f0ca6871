"""From the connection to a session that can carry mail: greeting, EHLO, TLS, login; RFC 5321 3.1, 3.2, RFC 3207."""

from __future__ import annotations

from msgspec import Struct

from posthouse.core.queue.contracts import ConnectFailed, Hop
from posthouse.protocols.smtp.relay.channel import Judge, TlsFailed
from posthouse.protocols.smtp.relay.dialogue import Broken, Dialogue
from posthouse.protocols.smtp.relay.login import LoginFailed, log_in
from posthouse.protocols.smtp.relay.wire.commands import Unsendable, command
from posthouse.protocols.smtp.relay.wire.extensions import Extensions, read_extensions
from posthouse.protocols.smtp.relay.wire.reply import Reply

MUST = ("encrypted", "dane", "verified")  # modes without which there is no session in plain text

NEVER = (521, 556)  # the host, or its domain, takes no mail at all; RFC 7504


class Opened(Struct, frozen=True):
    """What was agreed. `is_verified`: by TLS the peer has proved who it is. `tls_failure`: what was overlooked."""

    extensions: Extensions
    is_verified: bool = False
    tls_failure: str = ""


class TlsLost(ConnectFailed):
    """TLS was begun and did not come to stand: without it, this host may still be spoken to on a new connection."""


async def open_session(dialogue: Dialogue, hop: Hop, hostname: str, judge: Judge) -> Opened:
    """Do what comes before the first message; raises ConnectFailed."""
    try:
        return await _open(dialogue, hop, hostname, judge)
    except Broken as broken:
        raise ConnectFailed(broken.words, broken.status, code=broken.code) from None
    except LoginFailed as failed:
        raise ConnectFailed(f"login: {failed.words}", failed.status, code=failed.code) from None
    except Unsendable as error:
        raise ConnectFailed(str(error), "4.3.5") from None
    except TlsFailed as failed:
        raise ConnectFailed(failed.words, "4.7.5", tls=failed.result) from None


async def _open(dialogue: Dialogue, hop: Hop, hostname: str, judge: Judge) -> Opened:
    is_verified, failure = False, ""
    if hop.implicit_tls:
        is_verified, failure = await _begin_tls(dialogue, hop, judge)
    greeting = await dialogue.hear("greeting", dialogue.settings.greeting_seconds)
    if not greeting.is_positive:
        raise _refused(greeting, "greeting", permanent=greeting.code in NEVER)
    extensions = await _hello(dialogue, hostname)
    if hop.tls.mode != "none" and not hop.implicit_tls:
        refusal = await _ask_for_tls(dialogue, extensions)
        if not refusal:
            is_verified, failure = await _begin_tls(dialogue, hop, judge)
            extensions = await _hello(dialogue, hostname)  # RFC 3207 4.2: what was offered before counts no more
        elif hop.tls.mode in MUST and not hop.tls.testing:
            raise ConnectFailed(f"TLS is wanted, and {refusal}", "4.7.4", tls="starttls-not-supported")
        else:
            failure = "starttls-not-supported"
    if hop.login is not None:
        await log_in(dialogue, hop.login, extensions.mechanisms)
    return Opened(extensions, is_verified, failure)


async def _hello(dialogue: Dialogue, hostname: str) -> Extensions:
    """EHLO, and HELO where that is not known; RFC 5321 3.2."""
    seconds = dialogue.settings.command_seconds
    reply = await dialogue.ask(command("EHLO", hostname), "EHLO", seconds)
    if reply.is_positive:
        return read_extensions(reply)
    if reply.is_permanent:
        reply = await dialogue.ask(command("HELO", hostname), "HELO", seconds)
        if reply.is_permanent:
            raise _refused(reply, "HELO", permanent=True)
    if not reply.is_positive:
        raise _refused(reply, "EHLO", permanent=False)
    return Extensions()


async def _ask_for_tls(dialogue: Dialogue, extensions: Extensions) -> str:
    """STARTTLS; why there is none, "" when it may begin."""
    if not extensions.starttls:
        return "STARTTLS is not offered"
    reply = await dialogue.ask(b"STARTTLS\r\n", "STARTTLS", dialogue.settings.command_seconds)
    if reply.is_positive:
        return ""
    return f"STARTTLS is refused: {reply.code} {reply.words}"


async def _begin_tls(dialogue: Dialogue, hop: Hop, judge: Judge) -> tuple[bool, str]:
    """(whether the peer has proved who it is, the failure that a policy under test overlooks)."""
    dialogue.forget()
    try:
        handle = await dialogue.channel.begin_tls(judge.creator)
    except TlsFailed as failed:
        raise TlsLost(failed.words, "4.7.5", tls=failed.result) from None
    try:
        return judge.judge(handle), ""
    except TlsFailed as failed:
        if not hop.tls.testing:
            raise
        return False, failed.result


def _refused(reply: Reply, what: str, *, permanent: bool) -> ConnectFailed:
    """Whoever greets with 5xx may be full, or dislike us today, and is tried until mail expires, as Postfix does.

    Whoever refuses EHLO and HELO for good has heard who we are.
    """
    status = reply.status or "4.3.2"
    status = f"{'5' if permanent else '4'}{status[1:]}"
    return ConnectFailed(f"{reply.words or 'refused'} ({what})", status, code=reply.code, permanent=permanent)
