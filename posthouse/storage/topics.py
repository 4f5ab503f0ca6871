"""Topics that operations announce; the bus carries them to whoever listens."""

from __future__ import annotations

JOBS_TOPIC = "jobs"  # a job was added or came back


def login_topic(account: int) -> str:
    """Announced when logins to this account may have to end."""
    return f"login/{account}"


def account_topic(account: int) -> str:
    """Announced by every operation that takes a modseq of this account."""
    return f"account/{account}"
