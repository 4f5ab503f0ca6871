"""MTA-STS policies, fetched over HTTPS as RFC 8461 3.3 wants it: a good certificate, no redirect, not for ever."""

from __future__ import annotations

from posthouse.core.routing.contracts import PolicyUnavailable
from posthouse.core.routing.settings import RoutingSettings
from posthouse.server.https import Https, HttpsFailed


class HttpsPolicies:
    """Where the policies of other domains are fetched."""

    def __init__(self, https: Https, settings: RoutingSettings) -> None:
        self._https = https
        self._settings = settings

    async def fetch(self, domain: str) -> str:
        """The text of a domain's policy; raises PolicyUnavailable."""
        settings = self._settings
        try:
            answer = await self._https.ask(
                "GET",
                f"https://mta-sts.{domain}/.well-known/mta-sts.txt",
                {"Accept": "text/plain"},
                most_octets=settings.policy_octets,
                seconds=settings.policy_timeout_seconds,
            )
        except HttpsFailed as failed:
            if failed.is_tls:
                raise PolicyUnavailable(failed.words, "sts-webpki-invalid") from failed
            if failed.is_too_long:
                raise PolicyUnavailable(failed.words, "sts-policy-invalid") from failed
            raise PolicyUnavailable(failed.words) from failed
        if answer.status != 200 or answer.kind != "text/plain":  # redirects and other statuses are none
            what = f"{answer.status} with {answer.kind or 'no type'}"
            raise PolicyUnavailable(f"the answer is {what}, not 200 with text/plain")
        try:
            return answer.octets.decode()
        except UnicodeDecodeError:
            raise PolicyUnavailable("the policy is not UTF-8", "sts-policy-invalid") from None
