"""Whence messages and threads came: whether both ways of looking that up agree, and with what there is."""

from __future__ import annotations

from collections.abc import Container

import msgspec

from posthouse.core.mail.origins import Origin, Origins, decode_origin, encode_number, encode_origin
from posthouse.core.maintenance.records import UNREADABLE
from posthouse.storage.contract import ReadTransaction


class Misfits(msgspec.Struct):
    """What is wrong, by number; `stray` are keys to be deleted, `amended` records as they should be by their keys."""

    faults: list[tuple[int, str]] = []
    stray: list[bytes] = []
    amended: dict[bytes, bytes] = {}


def check_origins(txn: ReadTransaction, origins: Origins, account: int, present: Container[int]) -> Misfits:
    """Compare an account's two spaces with each other and with what is `present`; each can be made of the other."""
    wrong = Misfits()
    known: dict[int, Origin] = {}
    for key, value in txn.scan(*origins.of.range(account)):
        number = origins.of.parse(key)[1]
        if number not in present:
            wrong.faults.append((number, "its origin is kept without it"))
            wrong.stray.append(key)
            continue
        try:
            known[number] = decode_origin(value)
        except UNREADABLE:
            wrong.stray.append(key)  # it may be mended below
            wrong.faults.append((number, "its origin cannot be read"))
    _check_copied(txn, origins, account, present, known, wrong)
    return wrong


def _check_copied(
    txn: ReadTransaction,
    origins: Origins,
    account: int,
    present: Container[int],
    known: dict[int, Origin],
    wrong: Misfits,
) -> None:
    sought = {origin: number for number, origin in known.items()}
    for key, value in txn.scan(*origins.copied.range(account)):
        origin = Origin(*origins.copied.parse(key)[1:])
        number = int.from_bytes(value, "little")
        if known.get(number) == origin:
            sought.pop(origin, None)
        elif origin not in sought and number in present and number not in known:
            wrong.faults.append((number, "its origin is not kept"))
            wrong.amended[origins.of.key(account, number)] = encode_origin(origin)
            known[number] = origin
        else:
            wrong.faults.append((number, "an origin leads to it that is not its own"))
            wrong.stray.append(key)
    for origin, number in sought.items():
        wrong.faults.append((number, "its origin does not lead to it"))
        wrong.amended[origins.copied.key(account, origin.account, origin.number)] = encode_number(number)
