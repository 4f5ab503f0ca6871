"""Orders that are kept: for these messages only, and not too many."""

from __future__ import annotations

from array import array

from posthouse.protocols.imap.orders import Orders


def test_an_order_is_of_these_messages_only() -> None:
    orders = Orders()
    uids = array("I", [3, 5, 9])
    orders.keep("a", uids, array("I", [2, 0, 1]), 1000)
    assert orders.get("a", array("I", [3, 5, 9])) == array("I", [2, 0, 1])
    assert orders.get("a", array("I", [3, 5])) is None
    assert orders.get("b", uids) is None
    uids.append(10)  # the view grows in place
    assert orders.get("a", uids) is None
    orders.keep("a", uids, array("I", [3, 2, 1, 0]), 1000)
    assert orders.get("a", uids) == array("I", [3, 2, 1, 0])


def test_an_order_from_before_others_came() -> None:
    orders = Orders()
    orders.keep("a", array("I", [3, 5]), array("I", [1, 0]), 1000)
    assert orders.earlier("a", array("I", [3, 5, 9])) == array("I", [1, 0])
    assert orders.earlier("a", array("I", [3, 5])) is None
    assert orders.earlier("a", array("I", [3, 6, 9])) is None
    assert orders.earlier("b", array("I", [3, 5, 9])) is None


def test_the_ones_used_last_are_kept() -> None:
    orders = Orders()
    uids = array("I", range(1, 11))  # 80 octets with its order
    for key in "abc":
        orders.keep(key, uids, bytes(40), 160)
    assert [orders.get(key, uids) is not None for key in "abc"] == [False, True, True]
    orders.get("b", uids)
    orders.keep("d", uids, bytes(40), 160)
    assert [orders.get(key, uids) is not None for key in "bcd"] == [True, False, True]
    orders.keep("e", uids, bytes(40), 79)
    assert orders.get("e", uids) is None
    orders.keep("b", uids, bytes(40), 0)
    assert [orders.get(key, uids) is not None for key in "bd"] == [False, True], "nothing else had to go"
