"""Letters, presets, and what rights leave of a change of flags."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.finding import Found
from posthouse.core.mail.flags import DELETED, SEEN, Flag, FlagChange
from posthouse.core.sharing.errors import NotAllowed
from posthouse.core.sharing.rights import ALL, LETTERS, PRESETS, Right, UnknownRight, letters, parse_rights, preset_of

RIGHTS = st.integers(0, int(ALL)).map(Right)


@given(RIGHTS)
def test_letters_stand_for_the_same_rights(rights: Right) -> None:
    assert parse_rights(letters(rights)) == rights


def test_old_letters_stand_for_their_members() -> None:
    assert parse_rights("c") == Right.CREATE | Right.REMOVE
    assert parse_rights("d") == Right.DELETE | Right.EXPUNGE
    assert parse_rights("lrswipcda") == ALL
    with pytest.raises(UnknownRight):
        parse_rights("lR")


def test_presets_grow() -> None:
    held = list(PRESETS.values())
    assert all(less & more == less and less != more for less, more in itertools.pairwise(held))
    assert [preset_of(rights) for rights in held] == list(PRESETS)
    assert preset_of(Right.LOOKUP) == "custom"
    assert "".join(LETTERS) == "lrswipkxtea"


@given(RIGHTS, st.sampled_from(["add", "remove", "replace"]), st.integers(0, 31), st.booleans(), st.integers(0, 31))
def test_no_flag_changes_without_its_right(rights: Right, mode: Any, flags: int, named: bool, before: int) -> None:
    change = FlagChange(mode, flags, ("$Junk",) if named else ())
    limited = change.within(rights)
    if limited is None:
        return
    after, keywords = limited.apply(before, 0b10, 0b1 if limited.keywords else 0)
    changed = before ^ after
    assert not changed & SEEN or rights & Right.SEEN
    assert not changed & DELETED or rights & Right.DELETE
    assert not changed & ~(SEEN | DELETED) or rights & Right.WRITE
    assert keywords == 0b10 or rights & Right.WRITE


def test_a_change_of_which_nothing_is_allowed_is_none() -> None:
    assert FlagChange("add", int(Flag.FLAGGED)).within(Right.SEEN | Right.DELETE) is None
    assert FlagChange("add", SEEN | int(Flag.FLAGGED)).within(Right.SEEN) is not None
    assert FlagChange("replace", 0).within(Right.READ) is None
    assert FlagChange("add", 0).within(Right.READ) is not None


def test_who_may_not_know_of_a_mailbox_hears_that_there_is_none() -> None:
    Found(1, "x", "x", ALL).need(ALL)
    with pytest.raises(NotAllowed):
        Found(1, "x", "Other Users/x", Right.LOOKUP).need(Right.READ)
    with pytest.raises(NoSuchMailbox):
        Found(1, "x", "Other Users/x", Right.READ).need(Right.INSERT)
