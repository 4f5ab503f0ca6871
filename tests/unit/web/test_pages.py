"""What the site says of our domains: the MTA-STS policy, and how mail programs reach us."""

from __future__ import annotations

from lxml import etree

from posthouse.core.accounts.domains import DomainChange, add_domain, change_domain
from posthouse.core.bus import LocalBus
from posthouse.formats.mta_sts import parse_policy
from posthouse.protocols.web.autoconfig import AutoconfigPage, document
from posthouse.protocols.web.settings import WebSettings
from posthouse.protocols.web.sts import StsPage
from posthouse.storage.contract import Store
from posthouse.storage.memory import MemoryStore
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.site import Handler
from tests.unit.http.test_answers import asked

PORTS = {"imaps": 993, "submissions": 465, "smtp": 25}


async def furnished() -> Store:
    store = MemoryStore(LocalBus())
    await store.write(add_domain, "example.org", None, 1)
    await store.write(add_domain, "example.net", "example.org", 1)
    await store.write(add_domain, "closed.example", None, 1)
    await store.write(change_domain, "closed.example", DomainChange(enabled=False))
    return store


async def status(page: Handler, host: str, **query: str) -> int:
    try:
        return (await page(asked(query, host=host))).status
    except HttpError as error:
        return error.status


async def test_the_policy_is_at_its_own_name_of_each_domain() -> None:
    house = await furnished()
    page = StsPage(house, "mail.example.org", WebSettings(mta_sts="enforce", mta_sts_max_age_seconds=86_400))
    for host in ("mta-sts.example.org", "MTA-STS.Example.net:443"):
        answer = await page(asked(host=host))
        assert isinstance(answer.body, bytes)
        policy = parse_policy(answer.body.decode())
        assert (policy.mode, policy.mx, policy.max_age) == ("enforce", ("mail.example.org",), 86_400)
        assert dict(answer.fields)[b"content-type"] == b"text/plain"
    for host in ("example.org", "mta-sts.closed.example", "mta-sts.other.org", "mta-sts.", ""):
        assert await status(page, host) == 404
    assert await status(StsPage(house, "mail.example.org", WebSettings(mta_sts="off")), "mta-sts.example.org") == 404


async def test_mail_programs_find_the_servers() -> None:
    house = await furnished()
    page = AutoconfigPage(house, "mail.example.org", PORTS)
    answer: Answer = await page(asked({"emailaddress": "ann@Example.net"}, host="mail.example.org"))
    assert isinstance(answer.body, bytes)
    root = etree.fromstring(answer.body)
    assert root.find("emailProvider").get("id") == "example.net"
    found = [
        (each.tag, each.get("type"), each.findtext("hostname"), each.findtext("port"), each.findtext("socketType"))
        for each in root.iter("incomingServer", "outgoingServer")
    ]
    assert found == [
        ("incomingServer", "imap", "mail.example.org", "993", "SSL"),
        ("outgoingServer", "smtp", "mail.example.org", "465", "SSL"),
    ]
    assert await status(page, "autoconfig.example.org") == 200
    assert await status(page, "autoconfig.other.org") == 404
    for address in ("ann@other.org", "ann@closed.example", "@"):
        assert await status(page, "autoconfig.example.org", emailaddress=address) == 404


def test_a_document_is_xml_whatever_it_names() -> None:
    root = etree.fromstring(document('a"<b>&', "<m>", PORTS).encode())
    assert root.find("emailProvider").get("id") == 'a"<b>&'
    assert root.findtext(".//hostname") == "<m>"
