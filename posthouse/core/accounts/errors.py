"""What core/accounts refuses, each named for what happened."""

from __future__ import annotations

from posthouse.storage.contract import Refused


class OverQuota(Refused):
    """args: what ("messages", "octets", "domain messages", "domain octets"), the limit."""
