"""Addresses and domains as an operator writes them, in canonical form."""

from __future__ import annotations

from posthouse.formats.address import canonical_domain, parse_address
from posthouse.storage.contract import Refused


class BadAddress(Refused):
    """args: the text, what is wrong with it."""


class BadDomain(Refused):
    """args: the text, what is wrong with it."""


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
