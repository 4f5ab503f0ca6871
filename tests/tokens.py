"""Bearer tokens for tests: those that are good, and whose they are."""

from __future__ import annotations

GOOD = {"alices": "alice@example.org", "bobs": "bob@example.org", "strangers": "nobody@example.net"}


class SomeTokens:
    """What knows them."""

    scope = "mail"
    discovery = "https://id.example.org/.well-known/openid-configuration"

    async def login_name(self, token: str) -> str | None:
        return GOOD.get(token)
