"""MKCOL: a new folder, with properties by its extended form; RFC 4918 9.3, RFC 5689."""

from __future__ import annotations

from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.methods.asked import Asked
from posthouse.webdav.methods.preconditions import guard_of
from posthouse.webdav.wire.multistatus import outcome_row
from posthouse.webdav.wire.questions import read_new_folder
from posthouse.webdav.wire.writing import DECLARATION, KIND, tags
from posthouse.webdav.wire.xml import children, read_document

_TYPE = "{DAV:}resourcetype"
_XML = ("application/xml", "text/xml")


async def mkcol(asked: Asked) -> Answer:
    """Make it; raises HttpError."""
    writing = asked.writing
    body = await asked.request.body.read(asked.settings.request_octets)
    if body and asked.request.field("content-type").partition(";")[0].strip().lower() not in _XML:
        raise HttpError(415, "a folder is made without a body, or by XML")
    properties = read_new_folder(body) if body else {}
    at = await asked.found()
    if at.member is not None:
        raise asked.not_allowed("something is there already")
    if not at.folder:
        raise HttpError(409, "the folder above is not there")
    guard = await guard_of(asked, at)
    refused = _refused(asked, properties)
    if refused:
        outcomes = [(tags(name)[2], *refused.get(name, (424, ""))) for name in properties]
        inside = outcome_row("", outcomes).removeprefix("<D:response><D:href></D:href>").replace("</D:response>\n", "")
        body = f'{DECLARATION}<D:mkcol-response xmlns:D="DAV:">{inside}</D:mkcol-response>\n'.encode()
        return Answer(403, (KIND,), body)
    properties.pop(_TYPE, None)
    await writing.make_folder(at, properties, guard)
    return Answer(201)


def _refused(asked: Asked, properties: dict[str, bytes]) -> dict[str, tuple[int, str]]:
    """Those that a plain folder cannot have: status and condition."""
    refused = {}
    for name, value in properties.items():
        if name == _TYPE:
            kinds = [each.tag for each in children(read_document(value))]
            if kinds != ["{DAV:}collection"]:
                refused[name] = (403, "<D:error><D:valid-resourcetype/></D:error>")
        elif (live := asked.tree.properties.get(name)) is not None and live.is_protected:
            refused[name] = (403, "<D:error><D:cannot-modify-protected-property/></D:error>")
    return refused
