"""docs/imap.md and what the server announces are the same."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from posthouse.core.peer import Peer
from posthouse.protocols.imap.capabilities import capabilities
from posthouse.protocols.imap.settings import ImapSettings
from posthouse.protocols.imap.wire.grammar import RULES, UID_RULES

ROOT = Path(__file__).parents[3]
TRANSCRIPTS = ROOT / "tests/transcripts/imap"
# which transcript shows what is announced, where it has another name
SHOWN = {
    "RIGHTS=kxte": "acl", "APPENDLIMIT=": "append_refused", "AUTH=": "authenticate", "CHILDREN": "list",
    "COMPRESS=DEFLATE": "compress", "CREATE-SPECIAL-USE": "create_delete_rename", "ESORT": "sort",
    "I18NLEVEL=": "comparator", "IMAP4rev1": "fetch_attributes", "LIST-MYRIGHTS": "shared_mailboxes",
    "LIST-STATUS": "outlook", "LITERAL+": "append", "LOGINDISABLED": "no_tls", "OBJECTID": "threadid",
    "MESSAGELIMIT=": "messagelimit",
    "PARTIAL": "search_partial", "QUOTA=RES-MESSAGE": "quota", "QUOTA=RES-STORAGE": "quota",
    "SASL-IR": "authenticate", "SAVEDATE": "preview", "SEARCH=FUZZY": "search_fuzzy",
    "SORT=DISPLAY": "sort", "SPECIAL-USE": "list_extended", "STATUS=SIZE": "status",
    "THREAD=ORDEREDSUBJECT": "thread", "THREAD=REFERENCES": "thread", "THREAD=REFS": "thread", "UIDPLUS": "copy",
    "UNSELECT": "close", "UTF8=ACCEPT": "utf8_accept", "WITHIN": "search",
}  # fmt: skip
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


def test_whatever_is_announced_is_shown_by_a_transcript() -> None:
    names = announced(logged_in=False) | announced(logged_in=True)
    shown = {name: SHOWN.get(name, name.lower().replace("-", "_")) for name in names}
    assert {name for name, transcript in shown.items() if not (TRANSCRIPTS / f"{transcript}.txt").is_file()} == set()
    assert SHOWN.keys() <= names


def answered() -> dict[str, set[str]]:
    """How each command is answered in transcripts: OK, NO, BAD."""
    found: dict[str, set[str]] = {}
    for path in TRANSCRIPTS.glob("*.txt"):
        asked: dict[tuple[str, str], str] = {}
        for line in path.read_text().splitlines():
            if command := re.match(r"C(\d*): (\S+) ((?:UID )?[A-Z0-9.-]+)(?: |$)", line, re.IGNORECASE):
                asked[command[1], command[2]] = command[3].upper()
            elif answer := re.match(r"S(\d*): (\S+) (OK|NO|BAD)\b", line):
                found.setdefault(asked.get((answer[1], answer[2]), ""), set()).add(answer[3])
    return found


def test_every_command_is_shown_done_and_refused() -> None:
    commands = {name.decode() for name in RULES} | {f"UID {name.decode()}" for name in UID_RULES}
    known = answered()
    assert {name for name in commands if "OK" not in known[name]} == {"SETQUOTA"}  # nobody may
    assert {name for name in commands if not known[name] & {"NO", "BAD"}} == set()
