"""Every method, every report and every condition of WebDAV has a transcript."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import posthouse.webdav
from posthouse.webdav.methods.report import REPORTS
from posthouse.webdav.site import METHODS
from tests.transcripts.test_transcripts import HERE

SOURCE = Path(posthouse.webdav.__file__).parent
CONDITIONS = sorted(
    {
        name
        for path in SOURCE.rglob("*.py")
        for name in re.findall(r'\d, "{DAV:}([a-z-]+)"', path.read_text(encoding="utf-8"))
    }
)
WRITTEN = "".join(path.read_text(encoding="utf-8") for path in sorted((HERE / "webdav").glob("*.txt")))


@pytest.mark.parametrize("method", ["OPTIONS", *METHODS])
def test_method(method: str) -> None:
    assert re.search(rf"^C: {method} ", WRITTEN, re.MULTILINE)


@pytest.mark.parametrize("report", REPORTS)
def test_report(report: str) -> None:
    assert f"<D:{report.removeprefix('{DAV:}')} " in WRITTEN


@pytest.mark.parametrize("condition", CONDITIONS)
def test_condition(condition: str) -> None:
    assert re.search(rf"^S: <D:{condition}/?>", WRITTEN, re.MULTILINE)
