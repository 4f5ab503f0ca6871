"""What people are told is there in every language, and nothing else is translated."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from posthouse.core.mail.finding import GROUPS, OTHERS
from posthouse.protocols.imap.errors import ANSWERS
from posthouse.protocols.imap.texts.languages import LANGUAGES

SOURCES = Path(__file__).parents[3] / "posthouse/protocols/imap"
# which argument is said to people, of what says it
SAY = {"Ok": 0, "No": 0, "Bad": 0, "ViewLost": 0, "say_bye": 0, "say": 2}
# those that reach it by a name
NAMED = {
    "UIDs are valid",
    "The next UID",
    "The mailbox itself",
    "There are too many mailboxes to watch",
    "The server restarts, connect again",
    "You may not stay: log in again",
}


def said() -> Iterator[str]:
    """The texts that stand in the source; those with values in them are not translated."""
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                at = SAY.get(node.func.id if isinstance(node.func, ast.Name) else node.func.attr)
                if at is not None and len(node.args) > at:
                    text = node.args[at]
                    if isinstance(text, ast.Constant) and isinstance(text.value, str):
                        yield text.value


def test_those_with_a_name_stand_in_the_source() -> None:
    source = "".join(
        path.read_text() for path in (SOURCES / "session.py", SOURCES / "news.py", SOURCES / "commands/select.py")
    )
    assert [text for text in NAMED if f'"{text}"' not in source] == []


@pytest.mark.parametrize("language", [name for name, texts in LANGUAGES.items() if texts])
def test_every_text_is_translated(language: str) -> None:
    texts = {*said(), *NAMED, *(text for _, text in ANSWERS.values()), OTHERS, GROUPS}
    assert set(LANGUAGES[language]) == texts


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=list(LANGUAGES))
def test_translations_are_what_a_response_may_hold(texts: dict[str, str]) -> None:
    """RFC 5255 3.5: no controls; a text does not begin like a response code."""
    assert all(text.isprintable() and text.strip() == text and not text.startswith("[") for text in texts.values())
