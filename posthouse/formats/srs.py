"""The Sender Rewriting Scheme: an envelope sender of ours that leads back to a foreign one, so that SPF holds.

"SRS: Sender Rewriting Scheme", M. Wong, 2003. `SRS0=hash=day=domain=local` is made of an ordinary sender and
`SRS1=hash=host==hash=day=domain=local` of another forwarder's SRS0, whose host alone can turn it back. Relays may
change the case of it all, so hashes are base 32 and taken of the case-folded text.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from posthouse.formats.address import Address, canonical_domain, canonical_local, parse_address

MAX_AGE_DAYS = 21  # bounces of a message that has waited come within days
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_SLOTS = len(_DIGITS) ** 2  # after so many days the stamps begin again
_HASH_CHARACTERS = 6  # 30 bits: what a guess wins is one bounce
_SRS0 = re.compile(r"SRS0([=+-].*)", re.IGNORECASE | re.DOTALL)
_SRS0_PARTS = re.compile(r"[=+-]([^=]+)=([^=]{2})=([^=]+)=(.+)", re.DOTALL)
_SRS1_PARTS = re.compile(r"SRS1[=+-]([^=]+)=([^=]+)=([=+-].+)", re.IGNORECASE | re.DOTALL)


def is_rewritten(local: str) -> bool:
    """True for a local part that some forwarder has made."""
    return _SRS0.fullmatch(local) is not None or _SRS1_PARTS.fullmatch(local) is not None


def rewrite(sender: Address, domain: str, secret: bytes, day: int) -> Address:
    """The sender to forward with, in our `domain`, on that day since the epoch; raises ValueError when too long."""
    first, second = _SRS0.fullmatch(sender.local), _SRS1_PARTS.fullmatch(sender.local)
    if second is not None:
        local = _srs1(second[2], second[3], secret)
    elif first is not None:
        local = _srs1(sender.domain, first[1], secret)
    else:
        stamp = _DIGITS[day % _SLOTS >> 5] + _DIGITS[day & 31]
        local = f"SRS0={_hash(secret, stamp, sender.domain, sender.local)}={stamp}={sender.domain}={sender.local}"
    return parse_address(str(Address(local, domain)))


def turn_back(local: str, secret: bytes, day: int) -> Address:
    """Whom mail to a local part that `rewrite` made is for; raises ValueError for a forged or an old one."""
    second = _SRS1_PARTS.fullmatch(local)
    if second is not None:
        _check(second[1], secret, second[2], second[3])
        return Address("SRS0" + second[3], canonical_domain(second[2]))
    first = _SRS0.fullmatch(local)
    parts = None if first is None else _SRS0_PARTS.fullmatch(first[1])
    if parts is None:
        raise ValueError("this is no rewritten sender")
    mark, stamp, domain, sender = parts.groups()
    _check(mark, secret, stamp, domain, sender)
    if (day - _day_of(stamp)) % _SLOTS > MAX_AGE_DAYS:
        raise ValueError("the rewritten sender is too old")
    return Address(sender, canonical_domain(domain))


def _srs1(host: str, rest: str, secret: bytes) -> str:
    return f"SRS1={_hash(secret, host, rest)}={host}={rest}"


def _day_of(stamp: str) -> int:
    high, low = (_DIGITS.index(digit) for digit in stamp.upper())
    return high << 5 | low


def _check(mark: str, secret: bytes, *parts: str) -> None:
    if not hmac.compare_digest(mark.upper().encode(), _hash(secret, *parts).encode()):
        raise ValueError("the rewritten sender is not ours")


def _hash(secret: bytes, *parts: str) -> str:
    text = "=".join(map(canonical_local, parts))
    digest = hmac.digest(secret, text.encode(), hashlib.sha256)
    return base64.b32encode(digest)[:_HASH_CHARACTERS].decode()
