"""posthouse link: links made, listed, opened over the site, revoked."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.served import Served

LOGIN = "Basic YWRtaW5AZXhhbXBsZS5vcmc6Y29ycmVjdCBob3JzZSBiYXR0ZXJ5"  # admin@example.org and Served's password


def ask(url: str, method: str = "GET", body: bytes | None = None) -> tuple[int, bytes]:
    request = Request(url, body, {"Authorization": LOGIN} if "/dav/" in url else {}, method=method)
    try:
        with urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()


def test_a_links_life(tmp_path: Path) -> None:
    server = Served(tmp_path / "served")
    server.start()
    try:
        site = f"http://127.0.0.1:{server.port('http')}"
        assert ask(f"{site}/dav/files/{server.admin}/a.txt", "PUT", b"hello")[0] == 201
        made = json.loads(
            server.cli("link", "add", server.admin, "/a.txt", "--downloads", "5", "--label", "x", "--json")
        )
        token = made["address"].rpartition("/share/")[2]
        where = f"{site}/share/{token}"
        assert b"a.txt" in ask(where)[1]
        assert ask(f"{where}a.txt") == (200, b"hello")
        (shown,) = json.loads(server.cli("link", "list", server.admin, "--json"))
        assert (shown["id"], shown["path"], shown["used"], shown["downloads"]) == (made["id"], "/a.txt", 1, 5)
        assert token.split("-", 2)[2].strip("/") not in server.log.read_text()
        server.cli("link", "remove", server.admin, made["id"])
        assert ask(where)[0] == 404
        with pytest.raises(AssertionError, match="there is no link"):
            server.cli("link", "remove", server.admin, made["id"])
        with pytest.raises(AssertionError, match="there is no file none"):
            server.cli("link", "add", server.admin, "/none")
        server.cli("account", "add", "bob@example.org", "--password-stdin", say="correct horse battery\n")
        with pytest.raises(AssertionError, match="there is no file"):
            server.cli("link", "add", server.admin, "/a.txt", "--by", "bob@example.org")
        server.cli("share", "set", server.admin, "bob@example.org", "read", "--file", "/")
        with pytest.raises(AssertionError, match="the rights on that file"):
            server.cli("link", "add", server.admin, "/a.txt", "--by", "bob@example.org")
        server.cli("share", "set", server.admin, "bob@example.org", "full", "--file", "/")
        server.cli("link", "add", server.admin, "/a.txt", "--by", "bob@example.org")
        assert json.loads(server.cli("link", "list", server.admin, "--json"))[0]["by"] == "bob@example.org"
        with pytest.raises(AssertionError, match="is no folder"):
            server.cli("link", "add", server.admin, "/a.txt", "--upload")
    finally:
        server.stop()
