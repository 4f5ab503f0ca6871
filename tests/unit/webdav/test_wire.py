"""XML, the If header and DAV's other fields: read as RFC 4918 has them, and anything else refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.wire import fields
from posthouse.webdav.wire.condition import Condition, ConditionList, IfHeader, read_if
from posthouse.webdav.wire.xml import canonical, child, children, read_document, text_of
from tests.unit.http.test_answers import asked

LOCK, OTHER = "urn:uuid:1", "urn:uuid:2"


def test_a_document() -> None:
    root = read_document(
        b'<?xml version="1.0"?><!-- c --><propfind xmlns="DAV:"><prop><a/> t <x:b xmlns:x="u"/></prop></propfind>'
    )
    assert root.tag == "{DAV:}propfind"
    prop = child(root, "{DAV:}prop")
    assert prop is not None
    assert [one.tag for one in children(prop)] == ["{DAV:}a", "{u}b"]
    assert text_of(prop) == "t"
    assert text_of(None) == ""
    assert canonical(children(prop)[1]).startswith(b'<x:b xmlns:x="u"')


BOMB = (
    b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">'
    b'<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]><a>&d;</a>'
)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"no xml",
        b"<a>",
        b"<a></b>",
        b"<a:b/>",
        BOMB,
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        b"<a>" * 100 + b"</a>" * 100,
        b"<a>" * 10_000,
        b"<a>" + b"<b/>" * 30_000 + b"</a>",
        b'<?xml version="1.0" encoding="nothing"?><a/>',
        b"<a>\x00</a>",
        b"<a>\xff</a>",
    ],
)
def test_documents_that_are_refused(octets: bytes) -> None:
    with pytest.raises(HttpError) as refused:
        read_document(octets)
    assert refused.value.status == 400


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    with contextlib.suppress(HttpError):
        read_document(octets)


def listed(*conditions: Condition, resource: str | None = None) -> ConditionList:
    return ConditionList(resource, conditions)


@pytest.mark.parametrize(
    ("field", "lists"),
    [
        (f"(<{LOCK}>)", [listed(Condition(LOCK, None))]),
        (f'(<{LOCK}> ["a"])', [listed(Condition(LOCK, None), Condition(None, '"a"'))]),
        (f"(Not <{LOCK}>) (<{OTHER}>)", [listed(Condition(LOCK, None, True)), listed(Condition(OTHER, None))]),
        (f"(not<{LOCK}>)", [listed(Condition(LOCK, None, True))]),
        (
            f'</a> (<{LOCK}>)(["b"]) <http://x/b> ([W/"c"])',
            [
                listed(Condition(LOCK, None), resource="/a"),
                listed(Condition(None, '"b"'), resource="/a"),
                listed(Condition(None, 'W/"c"'), resource="http://x/b"),
            ],
        ),
    ],
)
def test_the_if_header(field: str, lists: list[ConditionList]) -> None:
    assert read_if(field) == IfHeader(tuple(lists))


@pytest.mark.parametrize(
    "field",
    [
        "",
        "()",
        "(",
        "(<a>",
        "<a>",
        "<a> <b> (<c>)",
        "(Not)",
        "(Not Not <a>)",
        "<a>)",
        "(a)",
        "([a])",
        "(<a>) <b>",
        "(<a>) <b> (<c>)",
    ],
)
def test_if_headers_that_are_refused(field: str) -> None:
    with pytest.raises(HttpError):
        read_if(field)


def test_too_many_conditions() -> None:
    with pytest.raises(HttpError):
        read_if("(" + "<a>" * 300 + ")")


def test_when_an_if_header_holds() -> None:
    def state(resource: str | None) -> tuple[str | None, frozenset[str]]:
        return {None: ('"a"', frozenset({LOCK})), "/b": ('"b"', frozenset()), "/none": (None, frozenset())}[resource]

    for field, holds in (
        (f"(<{LOCK}>)", True),
        (f"(<{OTHER}>)", False),
        (f'(<{LOCK}> ["a"])', True),
        (f'(<{LOCK}> ["b"])', False),
        (f'(<{OTHER}>) (["a"])', True),
        (f"(Not <{OTHER}>)", True),
        ('</b> (["b"])', True),
        (f"</b> (<{LOCK}>)", False),
        ('</none> (["b"])', False),
        ('</none> (Not ["b"])', True),
        ("(<DAV:no-lock>) (Not <DAV:no-lock>)", True),
    ):
        assert read_if(field).holds(state) is holds, field
    assert read_if(f"(<{LOCK}> Not <{OTHER}>)").tokens() == {LOCK, OTHER}


@given(st.text(alphabet='()<>[]"Not aW/:\t', max_size=40))
def test_any_if_header_is_read_or_refused(field: str) -> None:
    with contextlib.suppress(HttpError):
        assert read_if(field).lists


def test_depth() -> None:
    assert [fields.depth(asked(depth=value), 7) for value in ("0", " 1 ", "Infinity", "")] == [0, 1, fields.INFINITY, 7]
    with pytest.raises(HttpError):
        fields.depth(asked(depth="2"), 0)


def test_destination() -> None:
    for value in ("/a/b%20c", "http://Example.org:80/a/b%20c", "https://u@example.org:80/a/b%20c/?x#y"):
        assert fields.destination(asked(host="example.org:80", destination=value)) == ("a", "b c")
    assert fields.destination(asked(host="example.org", destination="http://example.org:80/a")) == ("a",)
    assert fields.destination(asked(host="example.org:443", destination="https://example.org/a")) == ("a",)
    raw = "/ü".encode().decode("latin-1")  # as it stands in a field that nobody encoded
    assert fields.destination(asked(host="example.org", destination=raw)) == ("ü",)
    assert read_if(f"<{raw}> (<a:b>)").lists[0].resource == "/ü"
    for value in ("", "a", "ftp://example.org/", "/../a", "/\xff"):
        with pytest.raises(HttpError) as refused:
            fields.destination(asked(host="example.org", destination=value))
        assert refused.value.status == 400
    for value in ("http://other/", "http://example.org:81/"):
        with pytest.raises(HttpError) as refused:
            fields.destination(asked(host="example.org", destination=value))
        assert refused.value.status == 502


def test_the_smaller_fields() -> None:
    assert [fields.overwrites(asked(overwrite=value)) for value in ("T", "f", "")] == [True, False, True]
    with pytest.raises(HttpError):
        fields.overwrites(asked(overwrite="yes"))
    assert fields.lock_seconds(asked(timeout="Infinite, Second-4100000000"), 600) == 600
    assert fields.lock_seconds(asked(timeout="Extend, Second-180"), 600) == 180
    assert fields.lock_seconds(asked(timeout="Second-x"), 600) == 600
    assert [fields.lock_token(asked(lock_token=value)) for value in ("<a:b>", "a:b")] == ["a:b", "a:b"]
    for value in ("", "<>", "<a b>", "<a"):
        with pytest.raises(HttpError):
            fields.lock_token(asked(lock_token=value))
    assert fields.prefers(asked(prefer='respond-async, return="minimal"; x=1'), "return=minimal")
    assert fields.prefers(asked(brief="t"), "return=minimal")
    assert not fields.prefers(asked(prefer="return=representation"), "return=minimal")
