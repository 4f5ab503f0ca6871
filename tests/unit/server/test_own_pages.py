"""The pages of the site itself: read only, and what Windows asks of them before it mounts a folder."""

from __future__ import annotations

import msgspec
import pytest

from posthouse.server.worker.site import read_only
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request
from tests.unit.http.test_answers import asked


async def page(_request: Request) -> Answer:
    return Answer(200)


async def test_they_are_read_and_nothing_else() -> None:
    handler = read_only({(): page})[()]
    for method, status in (("GET", 200), ("HEAD", 200), ("OPTIONS", 200)):
        assert (await handler(msgspec.structs.replace(asked(), method=method))).status == status
    for method in ("PUT", "POST", "PROPFIND"):
        with pytest.raises(HttpError) as refused:
            await handler(msgspec.structs.replace(asked(), method=method))
        assert (refused.value.status, dict(refused.value.fields)[b"allow"]) == (405, b"GET, HEAD, OPTIONS")


async def test_windows_asks_the_top_of_the_site_whether_there_is_webdav() -> None:
    answer = await read_only({(): page})[()](msgspec.structs.replace(asked(), method="OPTIONS"))
    fields = dict(answer.fields)
    assert fields[b"allow"] == b"GET, HEAD, OPTIONS"
    assert fields[b"dav"].startswith(b"1, 2")
    assert fields[b"ms-author-via"] == b"DAV"
