"""How mail programs find our servers by themselves: Thunderbird's autoconfig document, version 1.1.

It is asked for at `autoconfig.DOMAIN`, or under the domain's own `/.well-known/autoconfig`. It names the ports with TLS
from the first byte alone (RFC 8314 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from posthouse.core.accounts.domains import is_served
from posthouse.formats.address import canonical_domain
from posthouse.storage.contract import Store
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request

PATHS = (("mail", "config-v1.1.xml"), (".well-known", "autoconfig", "mail", "config-v1.1.xml"))
_HOST = "autoconfig."

# listener -> (element, type), in the order in which programs prefer them
_SERVERS = {
    "imaps": ("incomingServer", "imap"),
    "pop3s": ("incomingServer", "pop3"),
    "submissions": ("outgoingServer", "smtp"),
}


class AutoconfigPage:
    """Answers for every domain of ours; `ports` by listener."""

    def __init__(self, store: Store, hostname: str, ports: Mapping[str, int]) -> None:
        self._store = store
        self._hostname = hostname
        self._ports = ports

    async def __call__(self, request: Request) -> Answer:
        domain = _domain(request)
        if not domain or not await self._store.read(is_served, domain):
            raise HttpError(404, "that domain is not served here")
        kind = (b"content-type", b"text/xml; charset=utf-8")
        return Answer(200, (kind,), document(domain, self._hostname, self._ports).encode())


def document(domain: str, hostname: str, ports: Mapping[str, int]) -> str:
    """The document for a domain."""
    servers = "".join(
        _server(*_SERVERS[listener], hostname, ports[listener]) for listener in _SERVERS if listener in ports
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<clientConfig version="1.1">\n'
        f"  <emailProvider id={quoteattr(domain)}>\n"
        f"    <domain>{escape(domain)}</domain>\n    <displayName>{escape(domain)}</displayName>\n"
        f"{servers}  </emailProvider>\n</clientConfig>\n"
    )


def _server(element: str, kind: str, hostname: str, port: int) -> str:
    return (
        f"    <{element} type={quoteattr(kind)}>\n"
        f"      <hostname>{escape(hostname)}</hostname>\n      <port>{port}</port>\n"
        "      <socketType>SSL</socketType>\n      <username>%EMAILADDRESS%</username>\n"
        f"      <authentication>password-cleartext</authentication>\n    </{element}>\n"
    )


def _domain(request: Request) -> str:
    """The one that is asked about: of the address, else of the site's name."""
    address = request.query.get("emailaddress", "")
    name = address.rpartition("@")[2] if address else request.host.removeprefix(_HOST)
    try:
        return canonical_domain(name)
    except ValueError:
        return ""
