"""What the extensions add to MAIL and RCPT, each parameter by its own grammar.

BODY and SIZE (RFC 6152, RFC 3030, RFC 1870), SMTPUTF8 (RFC 6531), AUTH (RFC 4954), RET, ENVID, NOTIFY and ORCPT
(RFC 3461, RFC 6533), REQUIRETLS (RFC 8689), HOLDFOR and HOLDUNTIL (RFC 4865), BY (RFC 2852), MT-PRIORITY (RFC 6710).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from posthouse.protocols.smtp.wire.reply import SmtpRefusal

_LARGEST_SIZE = 20  # digits; RFC 1870 3
_LONGEST_ENVELOPE_ID = 100  # RFC 3461 4.4
_LONGEST_ORIGINAL = 500  # RFC 3461 4.2
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-Fa-f]{2})*")  # RFC 3461 4
_HEXCHAR = re.compile(r"\+([0-9A-Fa-f]{2})")
_ADDRESS_TYPE = re.compile(r"[A-Za-z0-9-]{1,32}")
_UNICODE = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")  # RFC 6533 3
_HOLD_FOR = re.compile(r"[1-9][0-9]{0,8}")
_HOLD_UNTIL = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_BY = re.compile(r"(?P<time>[+-]?[0-9]{1,9});(?P<mode>[NR])(?P<trace>T?)", re.IGNORECASE)
_PRIORITY = re.compile(r"0|-?[1-9]")
Notify = Literal["never", "success", "failure", "delay"]
_NOTIFY: tuple[Notify, ...] = ("success", "failure", "delay")


class DeliverBy(msgspec.Struct, frozen=True):
    """BY: in so many seconds, else (N) the sender is told or (R) has it back; `trace` to hear of each relay."""

    seconds: int
    mode: Literal["N", "R"]
    trace: bool


Reader = Callable[[str | None], Any]


def mail_fields(parameters: dict[str, str | None]) -> dict[str, Any]:
    """The fields of Mail beside the sender; raises SmtpRefusal."""
    fields = _fields(parameters, _MAIL)
    if "hold_for" in fields and "hold_until" in fields:
        raise _refusal("HOLDFOR and HOLDUNTIL do not go together")  # RFC 4865 4
    return fields


def rcpt_fields(parameters: dict[str, str | None]) -> dict[str, Any]:
    """The fields of Rcpt beside the recipient; raises SmtpRefusal."""
    return _fields(parameters, _RCPT)


def read_xtext(value: str, most: int) -> str:
    """What xtext of at most so many characters stands for, all of it printable; raises ValueError. RFC 3461 4."""
    if len(value) > most or _XTEXT.fullmatch(value) is None:
        raise ValueError(value)
    text = _HEXCHAR.sub(lambda found: chr(int(found[1], 16)), value)
    if not (text.isascii() and text.isprintable()):
        raise ValueError(value)
    return text


def _fields(parameters: dict[str, str | None], readers: dict[str, tuple[str, Reader]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for keyword, value in parameters.items():
        known = readers.get(keyword)
        if known is None:
            raise SmtpRefusal(555, "5.5.4", f"{keyword} is not known here")  # RFC 5321 4.1.1.11
        name, read = known
        if name:
            fields[name] = read(value)
    return fields


def _refusal(text: str) -> SmtpRefusal:
    return SmtpRefusal(501, "5.5.4", text)


def _size(value: str | None) -> int:
    if value is None or not (value.isascii() and value.isdigit()) or len(value) > _LARGEST_SIZE:
        raise _refusal("SIZE is a number of octets")
    return int(value)


def _body(value: str | None) -> str:
    if value is None or value.upper() not in ("7BIT", "8BITMIME", "BINARYMIME"):
        raise _refusal("BODY is 7BIT, 8BITMIME or BINARYMIME")
    return value.upper()


def _ret(value: str | None) -> str:
    if value is None or value.upper() not in ("FULL", "HDRS"):
        raise _refusal("RET is FULL or HDRS")
    return value.upper()


def _envelope_id(value: str | None) -> str:
    try:
        if value is not None:
            return read_xtext(value, _LONGEST_ENVELOPE_ID)
    except ValueError:
        pass
    raise _refusal("ENVID is xtext of at most 100 characters")


def _bare(keyword: str) -> Reader:
    def read(value: str | None) -> bool:
        if value is not None:
            raise _refusal(f"{keyword} takes no value")
        return True

    return read


def _hold_for(value: str | None) -> int:
    if value is None or _HOLD_FOR.fullmatch(value) is None:
        raise _refusal("HOLDFOR is a number of seconds")
    return int(value)


def _hold_until(value: str | None) -> int:
    if value is not None and _HOLD_UNTIL.fullmatch(value) is not None:
        try:
            return int(datetime.datetime.fromisoformat(value).timestamp() * 1000)
        except (ValueError, OverflowError):
            pass
    raise _refusal("HOLDUNTIL is a date and time as in 2030-01-31T08:00:00Z")


def _by(value: str | None) -> DeliverBy:
    found = _BY.fullmatch(value or "")
    if found is None:
        raise _refusal("BY is seconds;N or seconds;R")
    seconds, returns = int(found["time"]), found["mode"] in "Rr"
    if returns and seconds <= 0:
        raise _refusal("BY with R is more than no time")  # RFC 2852 4
    return DeliverBy(seconds, "R" if returns else "N", bool(found["trace"]))


def _priority(value: str | None) -> int:
    if value is None or _PRIORITY.fullmatch(value) is None:
        raise _refusal("MT-PRIORITY is from -9 to 9")
    return int(value)


def _notify(value: str | None) -> tuple[Notify, ...]:
    words = (value or "").lower().split(",")
    if words == ["never"]:
        return ("never",)
    if not set(words) <= set(_NOTIFY):
        raise _refusal("NOTIFY is NEVER, or some of SUCCESS, FAILURE and DELAY")
    return tuple(word for word in _NOTIFY if word in words)


def _original(value: str | None) -> str:
    kind, _, address = (value or "").partition(";")
    kind = kind.lower()
    try:
        if _ADDRESS_TYPE.fullmatch(kind) is None or not address:
            raise ValueError(value)
        read = _utf8_address if kind == "utf-8" else read_xtext
        return f"{kind};{read(address, _LONGEST_ORIGINAL)}"
    except ValueError:
        raise _refusal("ORCPT is a type, a semicolon and an address in xtext") from None


def _utf8_address(value: str, most: int) -> str:
    """The address as it is, or with every other character than an ASCII one as \\x{...}; RFC 6533 3."""
    text = _UNICODE.sub(lambda found: chr(int(found[1], 16)), value)
    if len(value) > most or not text.isprintable():
        raise ValueError(value)
    text.encode()  # UnicodeEncodeError, a ValueError, for surrogates
    return text


_MAIL: dict[str, tuple[str, Reader]] = {
    "SIZE": ("size", _size),
    "BODY": ("body", _body),
    "SMTPUTF8": ("utf8", _bare("SMTPUTF8")),
    "AUTH": ("", str),  # RFC 4954 5: nobody here is trusted to speak for another
    "RET": ("ret", _ret),
    "ENVID": ("envelope_id", _envelope_id),
    "REQUIRETLS": ("require_tls", _bare("REQUIRETLS")),
    "HOLDFOR": ("hold_for", _hold_for),
    "HOLDUNTIL": ("hold_until", _hold_until),
    "BY": ("deliver_by", _by),
    "MT-PRIORITY": ("priority", _priority),
}
_RCPT: dict[str, tuple[str, Reader]] = {"NOTIFY": ("notify", _notify), "ORCPT": ("original", _original)}
