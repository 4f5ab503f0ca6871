"""docs/imap.md and what the server announces are the same."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from posthouse.core.peer import Peer
from posthouse.protocols.imap.capabilities import capabilities
from posthouse.protocols.imap.settings import ImapSettings

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"^\| (`[^|]+`) \| [\d, ]+ \| (always|before login|after login) \|", re.MULTILINE)


def table(*shown: str) -> set[str]:
    rows = ROW.findall((ROOT / "docs/imap.md").read_text())
    return {name for names, when in rows if when in shown for name in re.findall("`([^`]+)`", names)}


def announced(*, logged_in: bool) -> set[str]:
    """What any client is told; of AUTH= and names with a figure only the beginning."""
    found: set[str] = set()
    for tls in (True, False):
        peer = Peer("192.0.2.1", 1, tls)
        channel = cast(Any, SimpleNamespace(peer=peer, can_start_tls=not tls, can_bind=tls, is_compressed=False))
        found |= set(capabilities(channel, ImapSettings(), logged_in=logged_in))
    return {re.sub(r"(AUTH=).*|(=)\d+$", r"\1\2", name) for name in found}


def test_the_table_is_what_is_announced() -> None:
    assert table("always", "before login") == announced(logged_in=False)
    assert table("always", "after login") == announced(logged_in=True)


def test_every_row_is_read() -> None:
    lines = [line for line in (ROOT / "docs/imap.md").read_text().splitlines() if line.startswith("| `")]
    assert [line for line in lines if not ROW.match(line)] == []
