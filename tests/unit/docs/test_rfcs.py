"""docs/rfcs.tsv and the citations in the code say the same."""

from __future__ import annotations

import csv
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
CITATION = re.compile(r"RFC (\d{3,5})")
STATUSES = {"full", "part", "later"}


def table() -> dict[str, dict[str, str]]:
    with (ROOT / "docs/rfcs.tsv").open(newline="") as file:
        return {row["rfc"]: row for row in csv.DictReader(file, delimiter="\t")}


def cited() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "posthouse").rglob("*.py")):
        for number in set(CITATION.findall(path.read_text())):
            found.setdefault(number, []).append(str(path.relative_to(ROOT)))
    return found


def test_every_cited_rfc_stands_in_the_table() -> None:
    assert {number: where for number, where in cited().items() if number not in table()} == {}


def test_what_the_table_claims_is_cited_in_the_code() -> None:
    claims = {number for number, row in table().items() if row["status"] in ("full", "part")}
    assert claims - set(cited()) == set()


def test_rows_are_whole_and_in_order() -> None:
    rows = list(table().values())
    assert [int(row["rfc"]) for row in rows] == sorted(int(row["rfc"]) for row in rows)
    for row in rows:
        assert row["status"] in STATUSES, row
        assert row["title"], row
        if row["status"] == "part":
            assert row["note"], f"RFC {row['rfc']}: say what is missing"
