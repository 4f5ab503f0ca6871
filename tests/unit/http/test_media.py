"""What kind of document a name tells of."""

from __future__ import annotations

import pytest

from posthouse.webdav.http.media import UNKNOWN, media_type_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a", UNKNOWN),
        (".bashrc", UNKNOWN),
        ("a.", UNKNOWN),
        ("a b.JPG", "image/jpeg"),
        ("a.b.c.html", "text/html"),
        ("a.no-such-ending", UNKNOWN),
        ("a.tar", "application/x-tar"),
        # the octets are no tar archive until somebody has unpacked them
        ("a.tar.gz", "application/gzip"),
        ("a.txt.bz2", "application/x-bzip2"),
    ],
)
def test_by_its_ending(name: str, kind: str) -> None:
    assert media_type_of(name) == kind
