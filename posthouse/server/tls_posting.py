"""Reports of TLS posted to HTTPS places; RFC 8460 5.4."""

from __future__ import annotations

from posthouse.core.routing.settings import RoutingSettings
from posthouse.core.routing.tls_reports import PostFailed
from posthouse.server.https import Https, HttpsFailed

ANSWER_OCTETS = 65_536  # that are read and dropped


class HttpsPoster:
    """Posts them."""

    def __init__(self, https: Https, settings: RoutingSettings) -> None:
        self._https = https
        self._settings = settings

    async def post(self, url: str, octets: bytes) -> None:
        """Post a compressed report; raises PostFailed."""
        headers = {"Content-Type": "application/tlsrpt+gzip"}
        try:
            answer = await self._https.ask(
                "POST",
                url,
                headers,
                body=octets,
                most_octets=ANSWER_OCTETS,
                seconds=self._settings.policy_timeout_seconds,
            )
        except HttpsFailed as failed:
            raise PostFailed(failed.words) from failed
        if not 200 <= answer.status < 300:
            raise PostFailed(f"the answer is {answer.status}")
