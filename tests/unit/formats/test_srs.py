"""The Sender Rewriting Scheme: what is rewritten comes back, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from posthouse.formats.address import Address, canonical_local, parse_address
from posthouse.formats.srs import MAX_AGE_DAYS, is_rewritten, rewrite, turn_back

SECRET = b"s" * 32
OTHER = b"o" * 32
DAY = 20_713

domains = st.sampled_from(["example.net", "a.b.example", "xn--bcher-kva.example"])
locals_ = st.text(st.characters(min_codepoint=32, exclude_categories=("C",)), min_size=1, max_size=40)
ascii_locals = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40)
days = st.integers(0, 100_000)


@st.composite
def senders(draw: st.DrawFn, texts: st.SearchStrategy[str] = locals_) -> Address:
    address = Address(draw(texts), draw(domains))
    try:
        return parse_address(str(address))
    except ValueError:
        assume(False)
        raise


def test_the_form() -> None:
    first = rewrite(parse_address("ann@example.net"), "example.org", SECRET, DAY)
    assert str(first) == "SRS0=MIPW5O=HJ=example.net=ann@example.org"
    second = rewrite(first, "example.com", OTHER, DAY)
    assert str(second) == "SRS1=34DTRM=example.org==MIPW5O=HJ=example.net=ann@example.com"
    third = rewrite(second, "third.example", SECRET, DAY)
    assert str(third).endswith("=example.org==MIPW5O=HJ=example.net=ann@third.example")


@given(senders(), days, st.integers(0, MAX_AGE_DAYS))
def test_a_sender_comes_back_while_it_is_young(sender: Address, day: int, age: int) -> None:
    assume(not is_rewritten(sender.local))
    rewritten = rewrite(sender, "example.org", SECRET, day)
    assert is_rewritten(rewritten.local)
    assert turn_back(rewritten.local, SECRET, day + age) == sender
    for late in (day + MAX_AGE_DAYS + 1, day - 1):
        with pytest.raises(ValueError, match="old"):
            turn_back(rewritten.local, SECRET, late)


@given(senders(), days)
def test_a_chain_of_forwarders(sender: Address, day: int) -> None:
    """Each but the first goes back to the first, however long the chain is."""
    assume(not is_rewritten(sender.local))
    first = rewrite(sender, "one.example", b"1", day)
    second = rewrite(first, "two.example", b"2", day)
    third = rewrite(second, "three.example", b"3", day)
    assert turn_back(third.local, b"3", day) == turn_back(second.local, b"2", day) == first


@given(senders(ascii_locals), days, st.sampled_from([str.lower, str.upper]))
def test_relays_may_change_its_case(sender: Address, day: int, change: Callable[[str], str]) -> None:
    assume(not is_rewritten(sender.local))
    rewritten = rewrite(sender, "example.org", SECRET, day).local
    back = turn_back(change(rewritten), SECRET, day)
    assert (canonical_local(back.local), back.domain) == (canonical_local(sender.local), sender.domain)


@given(senders(), senders(), days)
def test_what_we_did_not_make(sender: Address, other: Address, day: int) -> None:
    rewritten = rewrite(sender, "example.org", SECRET, day)
    with pytest.raises(ValueError, match="not ours"):
        turn_back(rewritten.local, OTHER, day)
    assume(canonical_local(other.local) != canonical_local(sender.local))
    forged = rewritten.local.removesuffix(sender.local) + other.local
    with pytest.raises(ValueError, match=r"not ours|no rewritten"):
        turn_back(forged, SECRET, day)


@given(st.one_of(st.text(), st.from_regex(r"SRS[01][=+-].*", fullmatch=True)), days)
def test_any_text(local: str, day: int) -> None:
    with pytest.raises(ValueError, match=r".+"):
        turn_back(local, SECRET, day)


def test_one_that_would_be_too_long() -> None:
    sender = parse_address("a" * 200 + "@" + "b" * 40 + ".example")
    with pytest.raises(ValueError, match="too long"):
        rewrite(sender, "example.org", SECRET, DAY)
