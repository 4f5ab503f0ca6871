"""Who tells people of changes in files."""

from __future__ import annotations

from collections.abc import Callable

from posthouse.core.files.noticing import Noticer
from posthouse.server.worker.parts import Parts

DAY_MS = 86_400_000


def noticer(parts: Parts, now: Callable[[], int]) -> Noticer:
    """Build it."""
    window = parts.configuration.files.limits.notice_ms
    return Noticer(parts.store, parts.letters, parts.hostname, window, DAY_MS, now)
