"""Orders that are kept: not too many; and what came and went since."""

from __future__ import annotations

from array import array

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from posthouse.protocols.imap.orders import Orders, changed


class Kept(msgspec.Struct):
    octets: int


def test_an_order_stands_beside_the_messages_it_was_made_of() -> None:
    orders = Orders()
    uids = array("I", [3, 5, 9])
    order = Kept(12)
    orders.keep("a", uids, order, 1000)
    uids.append(10)  # the view grows in place
    assert orders.get("a") == (array("I", [3, 5, 9]), order)
    assert orders.get("b") is None


def test_the_ones_used_last_are_kept() -> None:
    orders = Orders()
    uids = array("I", range(1, 11))  # 80 octets with its order
    for key in "abc":
        orders.keep(key, uids, Kept(40), 160)
    assert [orders.get(key) is not None for key in "abc"] == [False, True, True]
    orders.get("b")
    orders.keep("d", uids, Kept(40), 160)
    assert [orders.get(key) is not None for key in "bcd"] == [True, False, True]
    orders.keep("e", uids, Kept(40), 79)
    assert orders.get("e") is None
    orders.keep("b", uids, Kept(40), 0)
    assert [orders.get(key) is not None for key in "bd"] == [False, True], "nothing else had to go"


UIDS = st.sets(st.integers(1, 2000), max_size=1500).map(lambda some: array("I", sorted(some)))


@given(st.one_of(st.integers(0, 3000).map(lambda n: array("I", range(1, n + 1))), UIDS), st.data())
def test_what_came_and_went(before: array[int], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.sampled_from(before), max_size=9)) if before else set()
    came = data.draw(st.sets(st.integers(1, 4000), max_size=9)) - {*before}
    after = array("I", sorted({*before} - gone | came))
    found = changed(before, after, 18)
    assert found is not None
    assert [before[at] for at in found[0]] == sorted(gone)
    assert [after[at] for at in found[1]] == sorted(came)
    if gone or came:
        assert changed(before, after, len(gone) + len(came) - 1) is None
