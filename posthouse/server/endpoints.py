"""Which factory serves which listener."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from posthouse.protocols.imap.contracts import Contracts as ImapContracts
from posthouse.protocols.imap.endpoint import imap_factory
from posthouse.protocols.pop3.contracts import Contracts as Pop3Contracts
from posthouse.protocols.pop3.endpoint import pop3_factory
from posthouse.protocols.smtp.contracts import Contracts as SmtpContracts
from posthouse.protocols.smtp.endpoint import smtp_factory
from posthouse.protocols.smtp.roles import LMTP, MX, SUBMISSION
from posthouse.protocols.web import autoconfig, sts
from posthouse.protocols.web.shares.site import PATH as SHARE_ROOT
from posthouse.server.access_log import access_log
from posthouse.server.setting_up.records import open_ports
from posthouse.server.worker.dav import dav_site
from posthouse.server.worker.parts import Parts
from posthouse.server.worker.shares import share_pages
from posthouse.server.worker.site import own_pages, read_only
from posthouse.storage.clock import now_ms
from posthouse.webdav.http.cors import CrossOrigin
from posthouse.webdav.http.settings import HttpSettings
from posthouse.webdav.http.site import Handler, HttpFactory
from posthouse.webdav.site import METHODS, SENT, TOLD
from posthouse.webdav.site import ROOT as DAV_ROOT


def _imap(parts: Parts, name: str) -> Any:
    contracts = ImapContracts(
        store=parts.store,
        blobs=parts.blobs,
        letters=parts.letters,
        authenticator=parts.authenticator,
        bus=parts.bus,
        settings=parts.configuration.imap,
        sharing=parts.configuration.sharing,
        hostname=parts.hostname,
        now=now_ms,
        search=parts.search,
        search_folders=parts.configuration.search_folders,
        mail=parts.configuration.mail,
    )
    return imap_factory(contracts, parts.offers_tls(name), implicit_tls=parts.is_implicit_tls(name))


def _pop3(parts: Parts, name: str) -> Any:
    contracts = Pop3Contracts(
        store=parts.store,
        blobs=parts.blobs,
        authenticator=parts.authenticator,
        registry=parts.registry,
        bus=parts.bus,
        settings=parts.configuration.pop3,
        hostname=parts.hostname,
        now=now_ms,
    )
    return pop3_factory(contracts, parts.offers_tls(name), implicit_tls=parts.is_implicit_tls(name))


def _smtp(parts: Parts, name: str) -> Any:
    contracts = SmtpContracts(
        role={"smtp": MX, "lmtp": LMTP}.get(name, SUBMISSION),
        store=parts.store,
        letters=parts.letters,
        authenticator=parts.authenticator,
        settings=parts.configuration.smtp,
        queue=parts.configuration.queue,
        sending=parts.configuration.sending,
        registry=parts.registry,
        trace=parts.journal,
        hostname=parts.hostname,
        now=now_ms,
    )
    return smtp_factory(contracts, parts.offers_tls(name), implicit_tls=parts.is_implicit_tls(name))


def _http(parts: Parts, name: str) -> Any:
    settings, web = parts.configuration.http, parts.configuration.web
    pages = dict(own_pages(parts.store, parts.remote.figures, parts.line, settings))
    pages[sts.PATH] = sts.StsPage(parts.store, parts.hostname, web)
    if web.autoconfig:
        page = autoconfig.AutoconfigPage(parts.store, parts.hostname, open_ports(parts.configuration.listeners))
        pages |= dict.fromkeys(autoconfig.PATHS, page)
    routes: dict[tuple[str, ...], Handler] = {**read_only(pages), DAV_ROOT: dav_site(parts, now_ms)}
    if web.shares:
        routes[SHARE_ROOT] = share_pages(parts, now_ms)
    told = access_log(parts.configuration.log, parts.process)
    return HttpFactory(
        open_to_pages(routes, settings),
        settings,
        SHARE_ROOT,
        told,
        getattr(parts.configuration.listeners, name).proxies,
        parts.metrics.throttled.inc,
    )


def open_to_pages(routes: Mapping[tuple[str, ...], Handler], settings: HttpSettings) -> dict[tuple[str, ...], Handler]:
    """The same routes, those among them that pages of other sites may ask open to them."""
    opened, origins = dict(routes), settings.cors_origins
    for path in {sts.PATH, *autoconfig.PATHS} & routes.keys():
        opened[path] = CrossOrigin(routes[path], origins, methods=("GET", "HEAD"))
    if settings.cors_webdav:
        methods = ("OPTIONS", *METHODS)
        opened[DAV_ROOT] = CrossOrigin(routes[DAV_ROOT], origins, methods=methods, fields=SENT, exposed=TOLD)
    return opened


# listener -> what builds its factory; called once a worker, with the listener's name
ENDPOINTS: dict[str, Callable[[Parts, str], Any]] = {
    "smtp": _smtp,
    "submission": _smtp,
    "submissions": _smtp,
    "lmtp": _smtp,
    "imap": _imap,
    "imaps": _imap,
    "pop3": _pop3,
    "pop3s": _pop3,
    "http": _http,
    "https": _http,
}

LISTENER_NAMES = frozenset(ENDPOINTS)
