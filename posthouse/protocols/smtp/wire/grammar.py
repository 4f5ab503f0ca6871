"""One command line to its command; RFC 5321 4.1."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable

from posthouse.protocols.smtp.wire.commands import (
    Auth,
    Bdat,
    Command,
    DataCommand,
    Ehlo,
    Help,
    Lhlo,
    Mail,
    Noop,
    Quit,
    Rcpt,
    Rset,
    StartTls,
    Vrfy,
)
from posthouse.protocols.smtp.wire.parameters import mail_fields, rcpt_fields
from posthouse.protocols.smtp.wire.path import read_parameters, read_path
from posthouse.protocols.smtp.wire.reply import SmtpRefusal
from posthouse.protocols.smtp.wire.xclient import read_xclient

# a domain or an address literal; hosts in the field call themselves all sorts of things, so: what cannot do harm in a
# header (RFC 5321 4.1.2, RFC 6531 3.7.1)
_NAME = re.compile(r"[\w.\-]{1,255}|\[[\w.:\-]{1,255}\]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LARGEST_SIZE = 20  # digits; RFC 1870 3


def read_command(line: bytes) -> Command:
    """The command on a line without its end; raises SmtpRefusal, for the peer to be told."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise SmtpRefusal(500, "5.5.2", "That is not UTF-8") from None
    if not text.isprintable() and _CONTROL.search(text) is not None:
        raise SmtpRefusal(500, "5.5.2", "A command has no control characters")
    verb, _, rest = text.partition(" ")
    reader = READERS.get(verb.upper())
    if reader is None:
        raise SmtpRefusal(500, "5.5.1", "No such command")  # RFC 5321 4.2.4
    return reader(rest)


def read_response(line: bytes) -> bytes | None:
    """A SASL response in base64, None for "*", which ends the exchange (RFC 4954 4); raises SmtpRefusal."""
    if line == b"*":
        return None
    try:
        return binascii.a2b_base64(line, strict_mode=True)
    except binascii.Error:
        raise SmtpRefusal(501, "5.5.2", "Expected base64") from None


def _name(rest: str) -> str:
    name = rest.strip(" ")
    if _NAME.fullmatch(name) is None:
        raise SmtpRefusal(501, "5.5.4", "Expected your host's name")
    return name


def _mail(rest: str) -> Mail:
    sender, parameters = _address(rest, "FROM:")
    fields = mail_fields(parameters)
    if not sender.isascii() and "utf8" not in fields:
        raise SmtpRefusal(550, "5.6.7", "That address wants SMTPUTF8")  # RFC 6531 3.5
    if sender and "@" not in sender:
        raise SmtpRefusal(501, "5.1.7", "The sender's address has no domain")
    return Mail(sender, **fields)


def _rcpt(rest: str) -> Rcpt:
    recipient, parameters = _address(rest, "TO:")
    fields = rcpt_fields(parameters)
    if "@" not in recipient and recipient.lower() != "postmaster":
        raise SmtpRefusal(501, "5.1.3", "The recipient's address has no domain")
    return Rcpt(recipient, **fields)


def _address(rest: str, keyword: str) -> tuple[str, dict[str, str | None]]:
    if rest[: len(keyword)].upper() != keyword:
        raise SmtpRefusal(501, "5.5.4", f"Expected {keyword}<address>")
    address, parameters = read_path(rest[len(keyword) :])
    return address, read_parameters(parameters)


def _bdat(rest: str) -> Bdat:
    words = rest.split()
    if not words or not words[0].isascii() or not words[0].isdigit() or len(words[0]) > _LARGEST_SIZE:
        raise SmtpRefusal(501, "5.5.4", "Expected a number of octets")
    if len(words) > 2 or (len(words) == 2 and words[1].upper() != "LAST"):
        raise SmtpRefusal(501, "5.5.4", "Expected LAST or nothing")
    return Bdat(int(words[0]), len(words) == 2)


def _auth(rest: str) -> Auth:
    mechanism, _, initial = rest.strip(" ").partition(" ")
    if not mechanism:
        raise SmtpRefusal(501, "5.5.4", "Expected a mechanism")
    if not initial:
        return Auth(mechanism.upper())
    if initial == "=":  # RFC 4954 4: there is an initial response, and it is empty
        return Auth(mechanism.upper(), b"")
    return Auth(mechanism.upper(), read_response(initial.encode()))


def _bare(command: Command) -> Callable[[str], Command]:
    def read(rest: str) -> Command:
        if rest.strip(" "):
            raise SmtpRefusal(501, "5.5.4", "That command takes nothing")
        return command

    return read


READERS: dict[str, Callable[[str], Command]] = {
    "EHLO": lambda rest: Ehlo(_name(rest), extended=True),
    "HELO": lambda rest: Ehlo(_name(rest), extended=False),
    "LHLO": lambda rest: Lhlo(_name(rest)),
    "MAIL": _mail,
    "RCPT": _rcpt,
    "DATA": _bare(DataCommand()),
    "BDAT": _bdat,
    "RSET": _bare(Rset()),
    "QUIT": _bare(Quit()),
    "STARTTLS": _bare(StartTls()),
    "AUTH": _auth,
    "XCLIENT": read_xclient,
    # RFC 5321 4.1.1.6 to 4.1.1.9: these may say something
    "NOOP": lambda _: Noop(),
    "HELP": lambda _: Help(),
    "VRFY": lambda _: Vrfy(),
}
