"""Paths and ESMTP parameters of MAIL and RCPT; RFC 5321 4.1.2, RFC 6531 3.3."""

from __future__ import annotations

import re

from posthouse.protocols.smtp.wire.reply import SmtpRefusal

_PATH = re.compile(
    r"[ ]*<"
    r"(?:@[^\s<>:]+:)?"  # a source route, which means nothing any more (RFC 5321 appendix C)
    r'(?P<address>(?:"(?:[^"\\]|\\.)*"|[^\s<>"@\\]+)(?:@(?:\[[^\s<>\[\]]+\]|[^\s<>\[\]@]+))?)?'
    r">(?:[ ]+(?P<parameters>.*))?"
)
# a keyword is said again in the reply, which has at most 512 octets (RFC 5321 4.5.3.1.5)
_PARAMETER = re.compile(r"(?P<keyword>[A-Za-z0-9][A-Za-z0-9-]{0,63})(?:=(?P<value>[^\s=]+))?")
LONGEST_PATH = 254  # octets between the angle brackets; RFC 5321 4.5.3.1.3


def read_path(text: str) -> tuple[str, str]:
    """(address, parameters as they stand) behind `FROM:` or `TO:`; "" for the null path. Raises SmtpRefusal."""
    found = _PATH.fullmatch(text.rstrip(" "))
    if found is None:
        raise SmtpRefusal(501, "5.1.7", "Expected an address between angle brackets")
    address = found["address"] or ""
    if len(address.encode()) > LONGEST_PATH:
        raise SmtpRefusal(501, "5.1.7", "The address is too long")
    return address, found["parameters"] or ""


def read_parameters(text: str) -> dict[str, str | None]:
    """Keyword in capitals -> value; raises SmtpRefusal."""
    parameters: dict[str, str | None] = {}
    for word in text.split():
        found = _PARAMETER.fullmatch(word)
        if found is None:
            raise SmtpRefusal(501, "5.5.4", "Expected keyword=value")
        keyword = found["keyword"].upper()
        if keyword in parameters:
            raise SmtpRefusal(501, "5.5.4", f"{keyword} stands there twice")
        parameters[keyword] = found["value"]
    return parameters
