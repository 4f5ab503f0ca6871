"""The TXT record at _smtp._tls.<domain>: where a domain wants its reports; RFC 8460 3."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal
from urllib.parse import unquote

from msgspec import Struct

from posthouse.formats.address import canonical_domain, parse_address

MOST_PLACES = 5  # of one domain that are served
_RECORD = re.compile(r"v=TLSRPTv1[ \t]*;")
_PATH = re.compile(r"[!-~]{0,2000}")


class Place(Struct, frozen=True):
    """Where reports go: by mail to an address, or by HTTPS POST to a URL at port 443."""

    kind: Literal["mail", "https"]
    to: str


def report_places(texts: Iterable[str]) -> list[Place]:
    """The places that the TXT records of a domain name; none unless exactly one is a record of TLS reports.

    A place that we cannot serve is passed over.
    """
    records = [text for text in texts if _RECORD.match(text)]
    if len(records) != 1:
        return []
    found: dict[Place, None] = {}
    for field in records[0].split(";")[1:]:
        name, _, value = field.partition("=")
        if name.strip().lower() == "rua":
            found.update((place, None) for place in map(_place, value.split(",")) if place is not None)
    return list(found)[:MOST_PLACES]


def _place(text: str) -> Place | None:
    scheme, colon, rest = text.strip().partition(":")
    if colon and scheme.lower() == "mailto":
        return _mail(unquote(rest.partition("?")[0]))
    if colon and scheme.lower() == "https" and rest.startswith("//"):
        return _https(rest[2:])
    return None


def _mail(text: str) -> Place | None:
    try:
        address = str(parse_address(text))
    except ValueError:
        return None
    return Place("mail", address) if address.isascii() else None


def _https(text: str) -> Place | None:
    host, slash, path = text.partition("#")[0].partition("/")
    try:
        host = canonical_domain(host.removesuffix(":443"))  # other ports, names and passwords are no domain
    except ValueError:
        return None
    return Place("https", f"https://{host}/{path}") if _PATH.fullmatch(slash + path) else None
