"""Topics that operations announce; the bus carries them to whoever listens."""

from __future__ import annotations

JOBS_TOPIC = "jobs"  # a job was added or came back
SEARCH_TOPIC = "search"  # the search index has to be made anew
SHARING_TOPIC = "sharing"  # rights, members of groups or subscriptions to what others share changed
_ACCOUNT = "account/"


def login_topic(account: int) -> str:
    """Announced when logins to this account may have to end."""
    return f"login/{account}"


def account_topic(account: int) -> str:
    """Announced by every operation that takes a modseq of this account."""
    return f"{_ACCOUNT}{account}"


def account_of(topic: str) -> int | None:
    """The account whose topic it is; None for a topic of another kind."""
    return int(topic.removeprefix(_ACCOUNT)) if topic.startswith(_ACCOUNT) else None
