"""Addresses, and when two are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.formats.address import (
    Address,
    canonical_domain,
    canonical_local,
    parse_address,
)


@pytest.mark.parametrize(
    ("text", "local", "domain"),
    [
        ("ann@example.org", "ann", "example.org"),
        (" Ann.Bee+tag@EXAMPLE.org ", "Ann.Bee+tag", "example.org"),
        ('"ann bee"@example.org', "ann bee", "example.org"),
        ('"ann\\"@bee"@example.org', 'ann"@bee', "example.org"),
        ("ju\u0308rgen@BÜCHER.example", "jürgen", "xn--bcher-kva.example"),
        ("a@localhost", "a", "localhost"),
    ],
)
def test_addresses(text: str, local: str, domain: str) -> None:
    assert parse_address(text) == Address(local, domain)


@pytest.mark.parametrize(
    "text",
    [
        "", "ann", "@example.org", "ann@", "ann@@example.org", "a b@example.org", ".ann@example.org",
        "ann..bee@example.org",
        "ann@exa mple.org", "ann@-example.org", "ann@example-.org", "ann@.org", "ann@[192.0.2.1]", "<ann@example.org>",
        "ann@example.org\r\nBcc: x@y", "a\x00@example.org", '""@example.org', '"a"b@example.org',
        "a" * 260 + "@example.org",
        "ann@" + "a" * 64 + ".org", "ann@" + "a." * 130 + "org", "ann@exa\u2028mple.org", "ann@xn--ü.org",
    ],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_address(text)


def test_domains() -> None:
    assert canonical_domain("Example.ORG.") == "example.org"
    assert canonical_domain("ＢÜCHER。example") == "xn--bcher-kva.example"
    assert canonical_domain("my_host.example") == "my_host.example"


def test_local_parts_are_equal_by_case_and_form() -> None:
    assert canonical_local("Ann") == canonical_local("aNN")
    assert canonical_local("Ju\u0308rgen") == canonical_local("jÜrgen")
    assert canonical_local("STRASSE") == canonical_local("straße")


@given(st.text(min_size=1, max_size=20))
def test_a_written_address_is_read_back(local: str) -> None:
    try:
        address = parse_address(str(Address(local, "example.org")))
    except ValueError:
        return
    assert parse_address(str(address)) == address
    assert canonical_local(canonical_local(address.local)) == canonical_local(address.local)


@given(st.text())
def test_any_text_is_a_domain_or_a_value_error(text: str) -> None:
    try:
        domain = canonical_domain(text)
    except ValueError:
        return
    assert canonical_domain(domain) == domain
    assert domain.isascii()
