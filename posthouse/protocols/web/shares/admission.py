"""Who may use a link with a password: asked once, throttled, then known by a cookie that ends soon."""

from __future__ import annotations

import asyncio
import hmac
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

from posthouse.core.authentication.authenticator import network
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.core.files.links import Link, LinkKey, is_link_password
from posthouse.core.registry import Registry
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request

_COOKIE = "posthouse-share"
_FORM_OCTETS = 4_096


class Admission:
    """Lets in whoever knows a link's password.

    The cookie is signed with what is kept of the password: a new password, or a link that is gone, ends it.
    """

    def __init__(self, registry: Registry, settings: AuthenticationSettings, seconds: int) -> None:
        self._registry = registry
        self._settings = settings
        self._seconds = seconds
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="link passwords")  # each takes megabytes

    def is_known(self, request: Request, link: Link, now: int) -> bool:
        """Whether he was let in before, or nobody need be; `now` in ms."""
        if not link.record.password:
            return True
        for cookie in request.field("cookie").split(";"):
            name, _, value = cookie.strip().partition("=")
            until, _, mark = value.partition(".")
            if name == _COOKIE and until.isdecimal() and len(until) < 16 and int(until) > now // 1000:
                return hmac.compare_digest(mark.encode("latin-1"), _mark(link, until).encode())
        return False

    async def admit(self, request: Request, link: Link, path: str, now: int) -> bytes | None:
        """The cookie of who sends the right password in a form, None for a wrong one; raises HttpError (429)."""
        counters = self._counters(request, link.key)
        for counter, limit in counters:
            if await self._registry.hits(counter) >= limit:
                retry = (b"retry-after", b"%d" % self._settings.failure_window_seconds)
                raise HttpError(429, "too many wrong passwords: try again later", (retry,))
        form = parse_qs((await request.body.read(_FORM_OCTETS)).decode("utf-8", "replace"), max_num_fields=10)
        password = form.get("password", [""])[0]
        loop = asyncio.get_running_loop()
        if not await loop.run_in_executor(self._executor, is_link_password, link.record.password, password):
            for counter, _ in counters:
                await self._registry.hit(counter, self._settings.failure_window_seconds)
            return None
        until = str(now // 1000 + self._seconds)
        secure = "; Secure" if request.peer.tls else ""
        kept = f"{_COOKIE}={until}.{_mark(link, until)}; Path={path}; Max-Age={self._seconds}"
        return f"{kept}; HttpOnly; SameSite=Strict{secure}".encode()

    def _counters(self, request: Request, key: LinkKey) -> list[tuple[str, int]]:
        return [
            (f"link passwords of {network(request.peer.host)}", self._settings.failures_per_address),
            (f"link passwords to {key.hash.hex()}", self._settings.failures_per_account),
        ]


def _mark(link: Link, until: str) -> str:
    key = link.key
    told = f"share link {key.account} {key.node} {key.hash.hex()} {until}".encode()
    return hmac.digest(link.record.password.encode(), told, "sha256").hex()
