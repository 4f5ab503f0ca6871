"""REPORT: questions that are named by their body's root; RFC 3253 3.6."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.methods.asked import Asked
from posthouse.webdav.reports.expand_property import expand_property
from posthouse.webdav.reports.principals import (
    acl_principal_prop_set,
    principal_match,
    principal_property_search,
    principal_search_property_set,
)
from posthouse.webdav.reports.sync_collection import sync_collection
from posthouse.webdav.wire.errors import DavError
from posthouse.webdav.wire.xml import Element, read_document

REPORTS: Mapping[str, Callable[[Asked, Element], Awaitable[Answer]]] = {
    "{DAV:}acl-principal-prop-set": acl_principal_prop_set,
    "{DAV:}expand-property": expand_property,
    "{DAV:}principal-match": principal_match,
    "{DAV:}principal-property-search": principal_property_search,
    "{DAV:}principal-search-property-set": principal_search_property_set,
    "{DAV:}sync-collection": sync_collection,
}


async def report(asked: Asked) -> Answer:
    """What is asked for; raises HttpError."""
    body = await asked.request.body.read(asked.settings.request_octets)
    if not body.strip():
        raise HttpError(400, "which report?")
    root = read_document(body)
    made = REPORTS.get(str(root.tag))
    if made is None:
        raise DavError(403, "{DAV:}supported-report", "there is no such report here")
    return await made(asked, root)
