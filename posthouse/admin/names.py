"""Addresses, domains and names as an operator writes them, in canonical form."""

from __future__ import annotations

import ipaddress
import unicodedata

from posthouse.formats.address import canonical_domain, parse_address
from posthouse.formats.endpoint import parse_endpoint
from posthouse.storage.contract import Refused

LONGEST_NAME = 255  # characters
SHOWN = 40  # characters of a name that is refused


class BadAddress(Refused):
    """args: the text, what is wrong with it."""


class BadDomain(Refused):
    """args: the text, what is wrong with it."""


class BadHost(Refused):
    """args: the text, what is wrong with it."""


class BadName(Refused):
    """args: how the text begins, escaped, and what is wrong with it."""


def address_of(text: str) -> str:
    """An address, canonical; raises BadAddress."""
    try:
        return str(parse_address(text))
    except ValueError as error:
        raise BadAddress(text, str(error)) from None


def domain_of(text: str) -> str:
    """A domain, canonical; raises BadDomain."""
    try:
        return canonical_domain(text.strip())
    except ValueError as error:
        raise BadDomain(text, str(error)) from None


def host_of(text: str, port: int) -> tuple[str, int]:
    """A host, by its name or its IP address, and its port, `port` when none is given; raises BadHost."""
    try:
        return parse_endpoint(text.strip(), port)
    except ValueError:
        name, _, given = text.strip().partition(":")
    if given and not (given.isdecimal() and len(given) <= 5 and 0 < int(given) < 65_536):
        raise BadHost(text, f"{given} is no port")
    try:
        return canonical_domain(name), int(given or port)
    except ValueError as error:
        raise BadHost(text, str(error)) from None


def ip_address_of(text: str) -> str:
    """An IP address, canonical; raises BadHost."""
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        raise BadHost(text, "not an IP address") from None


def name_of(text: str) -> str:
    """What a person, a group or a program is called: one line of text, perhaps empty; raises BadName."""
    if has_control_characters(text):
        raise BadName(ascii(text[:SHOWN])[1:-1], "it has control characters")
    name = text.strip()
    if len(name) > LONGEST_NAME:
        raise BadName(ascii(name[:SHOWN])[1:-1], f"it has more than {LONGEST_NAME} characters")
    return name


def program_name_of(text: str) -> str:
    """The same, of what an app password is found again by: not empty; raises BadName."""
    name = name_of(text)
    if not name:
        raise BadName("", "it is empty")
    return name


def has_control_characters(text: str) -> bool:
    """True when it is more than one line, or holds what cannot be shown or stored."""
    return any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text)
