"""Which parts of the site pages of other sites may ask."""

from __future__ import annotations

import asyncio

from posthouse.protocols.web import autoconfig, sts
from posthouse.server.endpoints import open_to_pages
from posthouse.webdav.http.settings import HttpSettings
from posthouse.webdav.http.site import HttpFactory
from posthouse.webdav.site import METHODS, ROOT
from tests.unit.http.test_channel import echo
from tests.unit.http.wire import Wire

ROUTES = dict.fromkeys([(), ("metrics",), ("share",), sts.PATH, *autoconfig.PATHS, ROOT], echo)


async def allowed(path: str, settings: HttpSettings) -> str:
    """The methods that a page of https://app.example.org may use there."""
    wire = Wire(HttpFactory(open_to_pages(ROUTES, settings), HttpSettings()))
    said = b"Origin: https://app.example.org\r\nAccess-Control-Request-Method: GET\r\n"
    wire.send(b"OPTIONS %b HTTP/1.1\r\nHost: x\r\n%b\r\n" % (path.encode(), said))
    return (await wire.answer())[1].get("access-control-allow-methods", "")


async def test_nothing_is_open_without_settings() -> None:
    assert set(await asyncio.gather(*[allowed("/" + "/".join(path), HttpSettings()) for path in ROUTES])) == {""}


async def test_what_is_public_is_open_to_the_sites_named() -> None:
    settings = HttpSettings(cors_origins=("https://App.example.org/",))
    assert await allowed("/.well-known/mta-sts.txt", settings) == "get, head"
    assert await allowed("/.well-known/autoconfig/mail/config-v1.1.xml", settings) == "get, head"
    for path in ("/", "/metrics", "/share/a", "/dav/files/a"):
        assert await allowed(path, settings) == ""
    other = HttpSettings(cors_origins=("https://other.example.org",))
    assert await allowed("/.well-known/mta-sts.txt", other) == ""


async def test_webdav_is_where_that_is_said() -> None:
    settings = HttpSettings(cors_origins=("*",), cors_webdav=True)
    assert await allowed("/dav/files/a", settings) == ", ".join(["OPTIONS", *METHODS]).lower()
    assert await allowed("/share/a", settings) == ""
