"""Every method and every report of WebDAV has a transcript."""

from __future__ import annotations

import re

import pytest

from posthouse.webdav.methods.report import REPORTS
from posthouse.webdav.site import METHODS
from tests.transcripts.test_transcripts import HERE

WRITTEN = "".join(path.read_text(encoding="utf-8") for path in sorted((HERE / "webdav").glob("*.txt")))


@pytest.mark.parametrize("method", ["OPTIONS", *METHODS])
def test_method(method: str) -> None:
    assert re.search(rf"^C: {method} ", WRITTEN, re.MULTILINE)


@pytest.mark.parametrize("report", REPORTS)
def test_report(report: str) -> None:
    assert f"<D:{report.removeprefix('{DAV:}')} " in WRITTEN
