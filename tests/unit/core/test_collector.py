"""Holding the garbage collector off: by several at a time, whatever becomes of them."""

from __future__ import annotations

import gc

import pytest

from posthouse.core.collector import Collector


def test_it_is_held_off_until_the_last_has_done() -> None:
    collector = Collector()
    with collector.held_off():
        with pytest.raises(ZeroDivisionError), collector.held_off():
            raise ZeroDivisionError
        assert not gc.isenabled()
    assert gc.isenabled()
