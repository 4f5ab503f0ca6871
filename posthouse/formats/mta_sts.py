"""MTA-STS (RFC 8461): the TXT record, the policy, and which mail hosts a policy names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

LONGEST_AGE = 31_557_600  # seconds; RFC 8461 3.2
_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_PATTERN = re.compile(r"(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_MOST_PATTERNS = 200


class BadPolicy(ValueError):
    """It is no MTA-STS policy; the text says why."""


class StsPolicy(Struct, frozen=True):
    """A policy; RFC 8461 3.2. `max_age` in seconds."""

    mode: Literal["enforce", "testing", "none"]
    max_age: int
    mx: tuple[str, ...]
    lines: tuple[str, ...]  # as published

    def names(self, host: str) -> bool:
        """True when it names this mail host; "*." stands for exactly one label (RFC 8461 4.1)."""
        _, _, parent = host.partition(".")
        return host in self.mx or (bool(parent) and f"*.{parent}" in self.mx)


def compose_policy(mode: Literal["enforce", "testing"], host: str, max_age: int) -> str:
    """The policy of a domain whose mail goes to one host; `max_age` in seconds."""
    return f"version: STSv1\r\nmode: {mode}\r\nmx: {host}\r\nmax_age: {max_age}\r\n"


def policy_id(texts: Iterable[str]) -> str | None:
    """The id in the TXT records of _mta-sts; None unless exactly one is a record of STS (RFC 8461 3.1)."""
    records = [text for text in texts if re.match(r"v=STSv1[ \t]*;", text)]
    if len(records) != 1:
        return None
    fields = dict(field.strip().partition("=")[::2] for field in records[0].split(";"))
    found = fields.get("id", "")
    return found if _ID.fullmatch(found) else None


def parse_policy(text: str) -> StsPolicy:
    """A policy as fetched; raises BadPolicy. Fields that we do not know are passed over (RFC 8461 3.2)."""
    lines = tuple(line.strip() for line in text.replace("\r\n", "\n").split("\n") if line.strip())
    fields: dict[str, str] = {}
    patterns: list[str] = []
    for line in lines:
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon:
            raise BadPolicy(f"a line without a colon: {line[:60]!r}")
        if name == "mx":
            patterns.append(_pattern(value))
        else:
            fields.setdefault(name, value)
    if fields.get("version") != "STSv1":
        raise BadPolicy("its version is not STSv1")
    mode = fields.get("mode")
    if mode not in ("enforce", "testing", "none"):
        raise BadPolicy("its mode is none of enforce, testing, none")
    age = fields.get("max_age", "")
    if not re.fullmatch(r"[0-9]{1,10}", age):
        raise BadPolicy("its max_age is no number")
    if mode != "none" and not patterns:
        raise BadPolicy("it names no mail host")
    if len(patterns) > _MOST_PATTERNS:
        raise BadPolicy(f"it names more than {_MOST_PATTERNS} mail hosts")
    return StsPolicy(mode, min(int(age), LONGEST_AGE), tuple(patterns), lines)  # type: ignore[arg-type]  # one of the three


def _pattern(text: str) -> str:
    pattern = text.lower().removesuffix(".")
    if not _PATTERN.fullmatch(pattern):
        raise BadPolicy(f"no name of a mail host: {text[:60]!r}")
    return pattern
