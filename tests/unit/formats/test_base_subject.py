"""Base subjects: RFC 5256 2.1 by example, and what holds of any."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.formats.mime.base_subject import base_subject


@pytest.mark.parametrize(
    ("subject", "base", "is_reply"),
    [
        ("Lunch", "Lunch", False),
        ("  Lunch \t today ", "Lunch today", False),
        ("Re: Lunch", "Lunch", True),
        ("RE : re: Fwd:fw: Lunch", "Lunch", True),
        ("Re[2]: Lunch", "Lunch", True),
        ("Re [list] : Lunch", "Lunch", True),
        ("[list] Lunch", "Lunch", False),
        ("[list] Re: [other] Lunch", "Lunch", True),
        ("Lunch (fwd)", "Lunch", True),
        ("Lunch (FWD) (fwd) ", "Lunch", True),
        ("[Fwd: Lunch]", "Lunch", True),
        ("[fwd: [FWD: Re: Lunch (fwd)]]", "Lunch", True),
        ("[list]", "[list]", False),
        ("[list] [other]", "[other]", False),
        ("Re: [list]", "[list]", True),
        ("[fwd: a] b", "b", False),
        ("AW: Lunch", "AW: Lunch", False),
        ("Reply", "Reply", False),
        ("Re:", "", True),
        ("(fwd)", "", True),
        ("", "", False),
        ("[[list] Lunch", "[[list] Lunch", False),
    ],
)
def test_examples(subject: str, base: str, is_reply: bool) -> None:
    found = base_subject(subject)
    assert (found.text, found.is_reply) == (base, is_reply)


PIECES = st.lists(st.sampled_from(["re", "Fwd", "fw", ":", "[", "]", " ", "(fwd)", "[fwd:", "[x]", "Lunch", "\t"]))


@given(PIECES.map("".join) | st.text(max_size=60))
def test_a_base_subject_is_its_own(subject: str) -> None:
    base = base_subject(subject).text
    assert base_subject(base).text == base
    assert base_subject(f"Re: {subject}").text == base or not base


@pytest.mark.parametrize("piece", ["[]", "[fwd:", "re:", "(fwd)", "[", "[a] ", " ", "[fwd: ]"])
def test_long_subjects_take_no_long_time(piece: str) -> None:
    base_subject(piece * 100_000)
