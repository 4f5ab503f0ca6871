"""Our MTA-STS policy at https://mta-sts.DOMAIN/.well-known/mta-sts.txt; RFC 8461 3.2 and 3.3."""

from __future__ import annotations

from posthouse.core.accounts.domains import is_served
from posthouse.formats.mta_sts import compose_policy
from posthouse.protocols.web.settings import WebSettings
from posthouse.storage.contract import Store
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request

PATH = (".well-known", "mta-sts.txt")
_HOST = "mta-sts."


def our_policy(settings: WebSettings, hostname: str) -> str:
    """The policy of our domains, "" for none."""
    if settings.mta_sts == "off":
        return ""
    return compose_policy(settings.mta_sts, hostname, settings.mta_sts_max_age_seconds)


class StsPage:
    """Answers for every domain of ours."""

    def __init__(self, store: Store, hostname: str, settings: WebSettings) -> None:
        self._store = store
        self._policy = our_policy(settings, hostname)

    async def __call__(self, request: Request) -> Answer:
        domain = request.host.removeprefix(_HOST)
        if not self._policy or domain == request.host or not await self._store.read(is_served, domain):
            raise HttpError(404, "there is no policy here")
        return Answer(200, ((b"content-type", b"text/plain"),), self._policy.encode())
