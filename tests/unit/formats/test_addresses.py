"""Address lists of header fields, as RFC 5322 has them and as the world writes them."""

from __future__ import annotations

import email.utils

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.formats.mime.addresses import AddressList, Group, Mailbox, display_text, parse_addresses
from tests.effort import takes_time_by_size


def M(name: str, local: str, domain: str = "", route: str = "") -> Mailbox:
    return Mailbox(name.encode(), local.encode(), domain.encode(), route.encode())


def mailboxes(addresses: AddressList) -> list[Mailbox]:
    """All mailboxes, those in groups too."""
    return [one for entry in addresses for one in (entry.members if isinstance(entry, Group) else (entry,))]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # RFC 5322 A.1
        ("John Doe <jdoe@machine.example>", [M("John Doe", "jdoe", "machine.example")]),
        (
            '"Joe Q. Public" <john.q.public@example.com>,Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>',
            [M("Joe Q. Public", "john.q.public", "example.com"), M("Mary Smith", "mary", "x.test"),
             M("", "jdoe", "example.org"), M("Who?", "one", "y.test")],
        ),
        (
            '<boss@nil.test>, "Giant; \\"Big\\" Box" <sysservices@example.net>',
            [M("", "boss", "nil.test"), M('Giant; "Big" Box', "sysservices", "example.net")],
        ),
        (
            "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
            [Group(b"A Group", (M("Ed Jones", "c", "a.test"), M("", "joe", "where.test"),
                                M("John", "jdoe", "one.test")))],
        ),
        ("Undisclosed recipients:;", [Group(b"Undisclosed recipients", ())]),
        # A.5, comments and folding
        (
            "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
            [M("Pete", "pete", "silly.test")],
        ),
        (
            "A Group(Some people)\t :Chris Jones <c@(Chris's host.)public.example>, joe@example.org,"
            " John <jdoe@one.test> (my dear friend); (the end of the group)",
            [Group(b"A Group", (M("Chris Jones", "c", "public.example"), M("", "joe", "example.org"),
                                M("John", "jdoe", "one.test")))],
        ),
        # A.6, obsolete forms
        ("Joe Q. Public <john.q.public@example.com>", [M("Joe Q. Public", "john.q.public", "example.com")]),
        (
            "Mary Smith <@node.test,@b.test:mary@example.net>, , jdoe@test . example",
            [M("Mary Smith", "mary", "example.net", "@node.test,@b.test"), M("", "jdoe", "test.example")],
        ),
        ("ann@example.org (Ann Bee)", [M("Ann Bee", "ann", "example.org")]),
        # RFC 6532
        ("Jürgen <jürgen@bücher.example>", [M("Jürgen", "jürgen", "bücher.example")]),
        # quoted local parts and address literals
        ('"ann bee"@example.org', [M("", "ann bee", "example.org")]),
        ("ann@[192.0.2.1]", [M("", "ann", "[192.0.2.1]")]),
        # what is wrong, and seen
        ("root", [M("", "root")]),
        ("Ann Bee", [M("Ann Bee", "")]),
        ("Ann <ann>", [M("Ann", "ann")]),
        ("<>", []),
        (", ,;,", []),
        ("ann@example.org <ann@example.org>", [M("ann@example.org", "ann", "example.org")]),
        ("Ann <ann@a, Bob <bob@b>", [M("Ann", "ann", "a"), M("Bob", "bob", "b")]),
        ("Ann Bee ann@a", [M("Ann Bee", "ann", "a")]),
        ("ann@a bob@b", [M("ann@a", "bob", "b")]),
        ("ann@a; bob@b", [M("", "ann", "a"), M("", "bob", "b")]),
        ("[team] Ann <ann@a>", [M("[team] Ann", "ann", "a")]),
        ("O'Neil (jr), Jim <j@x>", [M("O'Neil", ""), M("Jim", "j", "x")]),
        ('"unended <ann@a>', [M("", "unended <ann@a>")]),
        ("=?utf-8?q?Bee=2C_Ann?= <ann@a>", [M("=?utf-8?q?Bee=2C_Ann?=", "ann", "a")]),
        ("a@b@c", [M("", "a@b", "c")]),
        ("friends: ann@a, bob@b", [Group(b"friends", (M("", "ann", "a"), M("", "bob", "b")))]),
    ],
)  # fmt: skip
def test_lists(value: str, expected: list[Mailbox | Group]) -> None:
    assert list(parse_addresses(value.encode())) == expected


_NAMES = st.text("abc .,;:<>()@\"\\'äé", max_size=12).map(str.strip)
_LOCALS = st.text("abc.+-", min_size=1, max_size=8).filter(lambda text: ".." not in text and text.strip(".") == text)
_PAIRS = st.lists(st.tuples(_NAMES, _LOCALS, st.sampled_from(["example.org", "x.test"])), max_size=6)


@given(_PAIRS)
def test_what_the_standard_library_writes_is_read(pairs: list[tuple[str, str, str]]) -> None:
    value = ", ".join(email.utils.formataddr((name, f"{local}@{domain}"), "utf-8") for name, local, domain in pairs)
    found = parse_addresses(value.encode())
    assert [(item.local.decode(), item.domain.decode()) for item in mailboxes(found)] == [pair[1:] for pair in pairs]
    plain = [pair[0] for pair in pairs if pair[0].isascii()]
    names = [item.name.decode() for item in mailboxes(found) if not item.name.startswith(b"=?")]
    assert names == plain


_PIECES = st.sampled_from(
    [
        b"a@b",
        b"<",
        b">",
        b"(",
        b")",
        b":",
        b";",
        b",",
        b'"',
        b"\\",
        b"@",
        b" ",
        b"Ann",
        b"[",
        b"]",
        b"\x00",
        b"\xff",
        b".",
    ]
)


@given(st.lists(_PIECES, max_size=30).map(b"".join) | st.binary())
def test_anything_is_taken(value: bytes) -> None:
    found = parse_addresses(value)
    display_text(found)
    for mailbox in mailboxes(found):
        assert mailbox.name or mailbox.local or mailbox.domain


@pytest.mark.parametrize(
    "piece", [b"<", b"(", b'"', b"\\", b"@", b",", b";", b":", b"a@b", b"[", b"(a)b", b"a:", b"=?", b" ", b"\x00"]
)
def test_hostile_lists_take_bounded_time(piece: bytes) -> None:
    assert takes_time_by_size(lambda size: parse_addresses(piece * (size // len(piece))), 32_000)


def test_display_text() -> None:
    value = b'=?utf-8?q?J=C3=BCrgen?= <j@a>, b@c, team: d@e;, "Bee, Ann" <ann@a>, Nobody at all'
    assert display_text(parse_addresses(value)) == 'Jürgen <j@a>, b@c, team: d@e;, "Bee, Ann" <ann@a>, Nobody at all'


@pytest.mark.parametrize("name", ["Bee, Ann", "Ann (work)", "a\\b", "(", 'the "bee"', "<a@b>", "x:y;", "Jörg (privat)"])
def test_a_name_can_be_read_from_the_display_text_again(name: str) -> None:
    word = f"=?utf-8?q?{''.join(f'={octet:02X}' for octet in name.encode())}?="
    for value in (f"{word} <j@a>", f"{word}: j@a;"):
        found = parse_addresses(display_text(parse_addresses(value.encode())).encode())
        assert len(found) == 1
        assert found[0].name.decode() == name
