"""LIST's patterns against regular expressions."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from posthouse.protocols.imap.commands.pattern import Patterns
from tests.effort import takes_time_by_size


@given(st.text("ab/*%", max_size=12), st.text("ab/", max_size=12))
def test_as_a_regular_expression(pattern: str, name: str) -> None:
    parts = {"*": ".*", "%": "[^/]*"}
    expression = "".join(parts.get(character, character) for character in pattern)
    expected = pattern != "" and re.fullmatch(expression, name) is not None
    assert Patterns("", [pattern]).matches(name) is expected


def test_no_pattern_takes_long() -> None:
    def match(size: int) -> None:
        assert not Patterns("", ["*a%" * size + "b"]).matches("a" * 1000)

    assert takes_time_by_size(match, 40)


def test_the_inbox_has_any_case() -> None:
    for pattern in ("inbox", "INBOX", "iNbOx", "in*", "IN%", "%", "*"):
        assert Patterns("", [pattern]).matches("INBOX"), pattern
    assert Patterns("inbox/", ["%"]).matches("INBOX/a")
    assert not Patterns("", ["work"]).matches("Work")
