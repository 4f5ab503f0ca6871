"""The attributes of XCLIENT, as Postfix documents it (XCLIENT_README)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

from posthouse.protocols.smtp.wire.commands import Xclient
from posthouse.protocols.smtp.wire.parameters import read_xtext
from posthouse.protocols.smtp.wire.path import read_parameters
from posthouse.protocols.smtp.wire.reply import SmtpRefusal

ATTRIBUTES = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN")
_UNKNOWN = ("[UNAVAILABLE]", "[TEMPUNAVAIL]")
_LONGEST = 255
_HOST = re.compile(r"[\w.\-]{1,255}|\[[\w.:\-]{1,255}\]", re.ASCII)


def read_xclient(rest: str) -> Xclient:
    """What stands behind XCLIENT; raises SmtpRefusal."""
    attributes = read_parameters(rest)
    if not attributes:
        raise SmtpRefusal(501, "5.5.4", "Expected attributes")
    fields: dict[str, Any] = {}
    for keyword, value in attributes.items():
        known = _READERS.get(keyword)
        if known is None:
            raise SmtpRefusal(501, "5.5.4", f"{keyword} is no attribute of XCLIENT")
        name, read = known
        try:
            text = read_xtext(value or "", _LONGEST)
            fields[name] = None if text.upper() in _UNKNOWN else read(text)
        except ValueError:
            raise SmtpRefusal(501, "5.5.4", f"{keyword} has no such value") from None
    return Xclient(**fields)


def _host(text: str) -> str:
    if _HOST.fullmatch(text) is None:
        raise ValueError(text)
    return text


def _name(text: str) -> str:
    if text.startswith("["):
        raise ValueError(text)
    return _host(text)


def _address(text: str) -> str:
    address = ipaddress.ip_address(text[5:] if text[:5].upper() == "IPV6:" else text)
    return str(getattr(address, "ipv4_mapped", None) or address)


def _port(text: str) -> int:
    port = int(text) if text.isdigit() and len(text) <= 5 else -1
    if not 0 <= port <= 65_535:
        raise ValueError(text)
    return port


def _protocol(text: str) -> str:
    if text.upper() not in ("SMTP", "ESMTP"):
        raise ValueError(text)
    return text.upper()


_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "NAME": ("name", _name),
    "ADDR": ("address", _address),
    "PORT": ("port", _port),
    "PROTO": ("protocol", _protocol),
    "HELO": ("helo", _host),
    "LOGIN": ("login", str),
}
