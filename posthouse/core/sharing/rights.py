"""Rights on a collection of any kind, by the letters of RFC 4314 2.1, and the presets that people choose from."""

from __future__ import annotations

from enum import IntFlag


class Right(IntFlag):
    """What one may do with a collection."""

    LOOKUP = 1  # l: know that it is there
    READ = 2  # r: what is in it
    SEEN = 4  # s: mark as read
    WRITE = 8  # w: other flags; in other kinds of collections, change items
    INSERT = 16  # i: add items
    POST = 32  # p: send mail to it
    CREATE = 64  # k: make collections under it
    REMOVE = 128  # x: delete or rename the collection itself
    DELETE = 256  # t: mark items as deleted
    EXPUNGE = 512  # e: remove items
    ADMINISTER = 1024  # a: give rights to others; who has it sees private items too


ALL = Right((1 << len(Right)) - 1)
CHANGES = Right.INSERT | Right.EXPUNGE | Right.SEEN | Right.WRITE | Right.DELETE  # without any, one only reads

LETTERS: dict[str, Right] = dict(zip("lrswipkxtea", Right, strict=True))
# RFC 4314 2.1.1: what older clients know; each is there when any of its members is
VIRTUAL: dict[str, Right] = {"c": Right.CREATE | Right.REMOVE, "d": Right.DELETE | Right.EXPUNGE}


class UnknownRight(ValueError):
    """args: the letter."""


def parse_rights(letters: str) -> Right:
    """The rights that the letters stand for; raises UnknownRight."""
    rights = Right(0)
    for letter in letters:
        found = LETTERS.get(letter) or VIRTUAL.get(letter)
        if found is None:
            raise UnknownRight(letter)
        rights |= found
    return rights


def letters(rights: Right) -> str:
    """The rights as letters, without the virtual ones."""
    return "".join(letter for letter, right in LETTERS.items() if right & rights)


READING = Right.LOOKUP | Right.READ
AUTHORING = READING | Right.SEEN | Right.INSERT | Right.POST
WRITING = AUTHORING | Right.WRITE | Right.DELETE | Right.EXPUNGE

PRESETS: dict[str, Right] = {
    "none": Right(0),
    "read": READING,  # what is read is not marked: \\Seen is one for all
    "author": AUTHORING,
    "write": WRITING,
    "all": WRITING | Right.CREATE | Right.REMOVE,
    "full": ALL,
}


def preset_of(rights: Right) -> str:
    """What people call these rights; "custom" for any others."""
    return next((name for name, held in PRESETS.items() if held == rights), "custom")
