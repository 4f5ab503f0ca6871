"""Whether processors are scarce, by what the kernel counts."""

from __future__ import annotations

from pathlib import Path

from posthouse.storage.lmdb.crowding import Crowding


def test_it_is_crowded_while_who_works_waits_for_a_processor(tmp_path: Path) -> None:
    counts = tmp_path / "schedstat"
    counts.write_text("1000 900 1\n")
    crowding = Crowding(counts, 0)
    assert crowding
    counts.write_text("2000 910 2\n")
    assert not crowding
    counts.write_text("3000 1910 3\n")
    assert crowding


def test_what_was_found_holds_for_a_while(tmp_path: Path) -> None:
    counts = tmp_path / "schedstat"
    counts.write_text("1000 0 1\n")
    crowding = Crowding(counts, 3600)
    assert not crowding
    counts.write_text("2000 1000 2\n")
    assert not crowding


def test_where_the_kernel_does_not_count_it_is_taken_for_crowded(tmp_path: Path) -> None:
    assert Crowding(tmp_path / "none", 0)
