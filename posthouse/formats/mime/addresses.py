"""Address lists of header fields; RFC 5322 3.4 and its obsolete forms (4.4), RFC 6532. Never fails.

Names stand as they came, without quotes but with their encoded words. What cannot be an address is kept as far as
something of it can be shown: a name without an address, a local part without a domain.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from posthouse.formats.mime.words import decode_words


class Mailbox(msgspec.Struct, frozen=True, gc=False):
    """One mailbox of an address list. `name` and `route` (RFC 5322 4.4, @a,@b) are mostly empty."""

    name: bytes
    local: bytes
    domain: bytes
    route: bytes = b""


class Group(msgspec.Struct, frozen=True):
    """A named group, `friends: ann@example.org, bob@example.org;`."""

    name: bytes
    members: tuple[Mailbox, ...]


AddressList = tuple[Mailbox | Group, ...]

_LIMIT = 5000  # entries, and words read of entries that are not in the common form: bounds time, not what is delivered
_WORDS = 20_000

_ATOM = rb'[^\x00-\x20()<>\[\]:;@\\,"\x7f]++'
_COMMON = re.compile(
    rb"""[ \t]*+(?:(?:"([^"\\]*+)"|([^"()<>\[\]:;@\\,]*+))[ \t]*+<(%(atom)s)@(%(atom)s)>|(%(atom)s)@(%(atom)s))
    [ \t]*+(?:,|$)"""
    % {b"atom": _ATOM},
    re.VERBOSE,
)
_WORD = re.compile(
    rb"""(?P<blank>[\s\x00-\x1f]++)|"(?P<quoted>(?:[^"\\]|\\.)*+)(?:"|\\?$)|(?P<special>[<>@,:;(])
    |(?P<literal>\[[^\[\]]*+\]?)|(?P<atom>[^\s\x00-\x1f"<>@,:;()\[\]\\]++)""",
    re.VERBOSE | re.DOTALL,
)
_SPECIALS = re.compile(r'[,;:<>@"()\\]')
_COMMENT_PART = re.compile(rb"[()]|\\.", re.DOTALL)
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)


def parse_addresses(value: bytes) -> AddressList:
    """The mailboxes and groups of an unfolded value, in their order."""
    found: list[Mailbox | Group] = []
    at = 0
    reader: _Reader | None = None
    while at < len(value) and len(found) < _LIMIT:
        match = _COMMON.match(value, at)
        if match is not None:
            quoted, plain, local, domain, bare_local, bare_domain = match.groups()
            if bare_local is not None:
                found.append(Mailbox(b"", bare_local, bare_domain))
            else:
                found.append(Mailbox(plain.rstrip() if quoted is None else quoted, local, domain))
            at = match.end()
            continue
        if reader is None:
            reader = _Reader(value)
        at = reader.read_entry(at, found)
    return tuple(found)


def display_text(addresses: AddressList) -> str:
    """For people: `Ann Bee <ann@example.org>, friends: bob@example.org;`, words decoded."""
    return ", ".join([_display(entry) for entry in addresses])


def _display(entry: Mailbox | Group) -> str:
    if isinstance(entry, Group):
        return f"{_phrase(entry.name)}: {display_text(entry.members)};"
    address = decode_words(entry.local + b"@" + entry.domain if entry.domain else entry.local)
    if not entry.name:
        return address
    name = _phrase(entry.name)
    return f"{name} <{address}>" if address else name


def _phrase(octets: bytes) -> str:
    """A name, in quotes where it could be read as something else."""
    name = decode_words(octets)
    if _SPECIALS.search(name) is None:
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Word(NamedTuple):
    kind: str  # "atom", "quoted", "literal" or the special itself
    text: bytes
    apart: bool  # a blank or comment stands before it


class _Reader:
    # Reads the entries that are not in the common form, word by word.

    def __init__(self, value: bytes) -> None:
        self._value = value
        self._left = _WORDS

    def read_entry(self, at: int, found: list[Mailbox | Group]) -> int:
        """Read up to the next comma, or a group to its end; where to go on."""
        at, words, comments, stop = self._read_words(at)
        if stop != b":":
            found.extend(_mailbox(words, comments))
            return at
        name = _join(words, b" ")
        members: list[Mailbox] = []
        while stop not in (b";", b""):
            at, words, comments, stop = self._read_words(at)
            members.extend(_mailbox(words, comments))
        found.append(Group(name, tuple(members)))
        return at

    def _read_words(self, at: int) -> tuple[int, list[_Word], list[bytes], bytes]:
        # The words up to a special that ends them (consumed; empty at the end), and the comments among them.
        words: list[_Word] = []
        comments: list[bytes] = []
        apart = in_angle = in_route = False
        while at < len(self._value):
            if not self._left:
                at = len(self._value)
                break
            self._left -= 1
            at, kind, text = self._read_word(at)
            if not kind:
                apart = True
                if text:
                    comments.append(text)
                continue
            if kind in (",", ";", ":") and not in_route:
                return at, words, comments, text
            if kind == "@" and in_angle and words[-1].kind == "<":
                in_route = True  # <@a,@b:ann@example.org>, RFC 5322 4.4
            elif kind in ("<", ">", ":"):
                in_angle, in_route = kind == "<", False
            words.append(_Word(kind, text, apart))
            apart = False
        return at, words, comments, b""

    def _read_word(self, at: int) -> tuple[int, str, bytes]:
        match = _WORD.match(self._value, at)
        if match is None or match.lastgroup == "blank":
            return match.end() if match else at + 1, "", b""  # or a stray bracket
        kind = match.lastgroup or ""
        text = match[kind]
        if kind == "special" and text == b"(":
            end = self._comment_end(at)
            return end, "", _QUOTED_PAIR.sub(rb"\1", self._value[at + 1 : end].removesuffix(b")")).strip()
        if kind == "quoted":
            return match.end(), kind, _QUOTED_PAIR.sub(rb"\1", text)
        return match.end(), text.decode("ascii") if kind == "special" else kind, text

    def _comment_end(self, at: int) -> int:
        depth = 0
        for match in _COMMENT_PART.finditer(self._value, at):
            depth += {b"(": 1, b")": -1}.get(match[0], 0)
            if depth == 0:
                return match.end()
        return len(self._value)


def _mailbox(words: list[_Word], comments: list[bytes]) -> list[Mailbox]:
    """The one mailbox that the words of an entry make, or none."""
    kinds = [word.kind for word in words]
    route: list[_Word] = []
    if "<" in kinds:
        start = kinds.index("<")
        stop = kinds.index(">", start) if ">" in kinds[start:] else len(words)
        name, address = words[:start], words[start + 1 : stop]
        if ":" in kinds[start:stop]:
            colon = kinds.index(":", start)
            route, address = words[start + 1 : colon], words[colon + 1 : stop]
        at = _last_at(address)
        local, domain = (address, []) if at < 0 else (address[:at], address[at + 1 :])
    elif "@" in kinds:
        at = _last_at(words)
        start = at - 1 if at else 0
        while start > 0 and not words[start].apart:
            start -= 1
        name, local, domain = words[:start], words[start:at], words[at + 1 :]
    elif len(words) == 1 and not comments:
        name, local, domain = [], words, []  # a local user, as old programs write them
    else:
        name, local, domain = words, [], []
    shown = _join(name, b" ")
    if not shown and comments and (local or domain):
        shown = comments[-1]  # ann@example.org (Ann Bee), from before display names
    mailbox = Mailbox(shown, _join(local), _join(domain), _join(route))
    return [mailbox] if shown or mailbox.local or mailbox.domain else []


def _last_at(words: list[_Word]) -> int:
    for place in range(len(words) - 1, -1, -1):
        if words[place].kind == "@":
            return place
    return -1


def _join(words: list[_Word], blank: bytes = b"") -> bytes:
    return b"".join([blank + word.text if word.apart else word.text for word in words]).strip()
