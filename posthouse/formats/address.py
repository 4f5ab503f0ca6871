"""Mail addresses and how equal ones are told: domains by RFC 5891 and UTS 46, local parts by RFC 6532 and case."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from functools import lru_cache

import idna
import msgspec

_LDH = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_DOT_ATOM = re.compile(r"[^\x00-\x20()<>\[\]:;@\\,.\"\x7f]+(?:\.[^\x00-\x20()<>\[\]:;@\\,.\"\x7f]+)*")
_QUOTED = re.compile(r'"((?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*)"')
_QUOTED_PAIR = re.compile(r"\\(.)")
_LONGEST_DOMAIN = 253
_LONGEST_ADDRESS = 254  # octets; RFC 5321 4.5.3.1.3 counts the angle brackets too


class Address(msgspec.Struct, frozen=True, order=True):
    """An address: the local part as its owner writes it (NFC, no quotes), the domain in canonical form."""

    local: str
    domain: str

    def __str__(self) -> str:
        """As it stands in a header: the local part quoted where it must be."""
        return f"{quote_local(self.local)}@{self.domain}"


@lru_cache(maxsize=4096)  # a letter's addresses are read several times on its way
def parse_address(text: str) -> Address:
    """One bare address, `user@domain`; raises ValueError, whose text says what is wrong."""
    local, at, domain = text.strip().rpartition("@")
    if not at:
        raise ValueError("an address has an @")
    quoted = _QUOTED.fullmatch(local)
    if quoted is not None:
        local = _QUOTED_PAIR.sub(r"\1", quoted[1])
    elif _DOT_ATOM.fullmatch(local) is None:
        raise ValueError("the part before the @ is empty or has characters that must be quoted")
    address = Address(unicodedata.normalize("NFC", local), canonical_domain(domain))
    if not address.local:
        raise ValueError("the part before the @ is empty")
    if len(str(address).encode()) > _LONGEST_ADDRESS:
        raise ValueError("the address is too long")
    return address


def is_literal(address: str) -> bool:
    """True for an address whose domain is an IP address in brackets; RFC 5321 4.1.3."""
    _, _, domain = address.rpartition("@")
    if not (domain.startswith("[") and domain.endswith("]")):
        return False
    inner = domain[1:-1]
    try:
        if inner[:5].lower() == "ipv6:":
            ipaddress.IPv6Address(inner[5:])
        else:
            ipaddress.IPv4Address(inner)
    except ValueError:
        return False
    return "%" not in inner


def canonical_domain(text: str) -> str:
    """A domain name in lower-case A-labels (`bücher.example` -> `xn--bcher-kva.example`); raises ValueError.

    Underscores pass, for hosts in the field have them. Address literals are no domains.
    """
    name = text.removesuffix(".")
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise ValueError(f"not a domain name: {error}") from error
    name = name.lower()
    if len(name) > _LONGEST_DOMAIN or _LDH.fullmatch(name) is None:
        raise ValueError("not a domain name")
    return name


def canonical_local(text: str) -> str:
    """What equal local parts have in common: the key to look one up by (NFC, case folded)."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFC", text).casefold()
    return unicodedata.normalize("NFC", folded)


def quote_local(local: str) -> str:
    """A local part as RFC 5321 4.1.2 writes it."""
    if _DOT_ATOM.fullmatch(local) is not None:
        return local
    return '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'
