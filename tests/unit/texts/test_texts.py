"""What people are told is there in every language, and nothing else is translated."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from posthouse.core.mail.finding import GROUPS, OTHERS
from posthouse.protocols.imap.errors import ANSWERS as IMAP_ANSWERS
from posthouse.protocols.pop3.errors import ANSWERS as POP3_ANSWERS
from posthouse.protocols.texts.languages import LANGUAGES, NAMES

POSTHOUSE = Path(__file__).parents[3] / "posthouse"
IMAP, POP3 = POSTHOUSE / "protocols/imap", POSTHOUSE / "protocols/pop3"
# which argument is said to people, of what says it
SAY = {"Ok": 0, "No": 0, "Bad": 0, "ViewLost": 0, "say_bye": 0, "say": 2}
SAY_IN_POP3 = {"Refusal": 0, "Senseless": 0, "ok": 0, "several": 0}
# those that reach it by a name
NAMED = {
    "UIDs are valid",
    "The next UID",
    "The mailbox itself",
    "There are too many mailboxes to watch",
    "The server restarts, connect again",
    "You may not stay: log in again",
}
GREETING = "{} Posthouse is ready"  # nobody can have asked for a language yet


def arguments(source: Path, of: dict[str, int]) -> Iterator[ast.expr]:
    """What is given as those arguments of those calls."""
    for path in [source] if source.is_file() else source.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                at = of.get(node.func.id if isinstance(node.func, ast.Name) else node.func.attr)
                if at is not None and len(node.args) > at:
                    yield node.args[at]


def texts_of(source: Path, of: dict[str, int]) -> set[str]:
    """Those of them that stand in the source as they are."""
    return {
        text.value
        for text in arguments(source, of)
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    }  # fmt: skip


def said() -> set[str]:
    """All that people can be told, but for what is said of commands that cannot be read."""
    texts = texts_of(IMAP, SAY)
    for part in (POP3 / "commands", POP3 / "session.py"):
        texts |= texts_of(part, SAY_IN_POP3)
    answers = {text for table in (IMAP_ANSWERS, POP3_ANSWERS) for _, text in table.values()}
    core = POSTHOUSE / "core"
    names = {f"A mailbox cannot be called so: {why}" for why in texts_of(core, {"InvalidMailboxName": 1})}
    folders = {f"A search folder cannot {what}" for what in texts_of(core, {"NotForSearchFolders": 0})}
    return {*texts, *answers, *names, *folders, *NAMED, OTHERS, GROUPS} - {GREETING}


def test_those_with_a_name_stand_in_the_source() -> None:
    source = "".join((IMAP / path).read_text() for path in ("session.py", "news.py", "commands/select.py"))
    assert [text for text in NAMED if f'"{text}"' not in source] == []


@pytest.mark.parametrize(("source", "of"), [(IMAP, SAY), (POP3 / "session.py", SAY_IN_POP3), (POP3, {"ok": 0})])
def test_values_do_not_stand_in_texts(source: Path, of: dict[str, int]) -> None:
    """Such a text could not be found in a table; only what is no sentence is put together."""
    made = {ast.unparse(text) for text in arguments(source, of) if isinstance(text, ast.JoinedStr)}
    assert made <= {
        "f'{self.contracts.hostname} Posthouse is ready'",
        "f'{found} {NAMES[found]}'",
        "f'{user.drop.count} {user.drop.octets}'",
    }


@pytest.mark.parametrize("language", [name for name, texts in LANGUAGES.items() if texts])
def test_every_text_is_translated(language: str) -> None:
    assert set(LANGUAGES[language]) == said()


def test_every_language_has_a_name() -> None:
    assert list(NAMES) == list(LANGUAGES)


def fields(text: str) -> list[str | None]:
    """The braces of a text."""
    return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=list(LANGUAGES))
def test_translations_are_what_a_response_may_hold(texts: dict[str, str]) -> None:
    """RFC 5255 3.5: no controls; a text does not begin like a response code. Each has the values of the English one."""
    assert all(text.isprintable() and text.strip() == text and not text.startswith("[") for text in texts.values())
    assert [text for english, text in texts.items() if fields(english) != fields(text)] == []
