"""Rights of core/sharing as WebDAV's privileges; RFC 3744 3 and 5.3. This table is the whole of it:

| privilege | giving it gives | one has it with |
|---|---|---|
| all | all rights | all rights |
| read | l r | r |
| write | all of its four | w i e |
| write-content | l w s | w |
| bind | l i k p | i |
| unbind | l e x t | e |
| write-acl | l a | a |
| read-current-user-privilege-set, write-properties, unlock, read-acl | nothing: they are abstract | l, w, a, a |

What is abstract is never given by itself: who may write contents may write properties, who may say who may do what may
read it, and break locks. Each gives that one may know of the place: methods need no other privilege than their own (RFC
3744, appendix B), so who has `bind` alone can put documents into a folder that he cannot look into.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from posthouse.core.sharing.rights import ALL, Right
from posthouse.webdav.tree import Path
from posthouse.webdav.wire.writing import href


class Privilege(msgspec.Struct, frozen=True):
    """What giving it gives (nothing for an abstract one), what is needed to have it, and what it is in."""

    name: str
    gives: Right
    needs: Right
    within: str
    words: str


_WRITE = Right.LOOKUP | Right.WRITE | Right.SEEN
_BIND = Right.LOOKUP | Right.INSERT | Right.CREATE | Right.POST
_UNBIND = Right.LOOKUP | Right.EXPUNGE | Right.REMOVE | Right.DELETE
_ADMINISTER = Right.LOOKUP | Right.ADMINISTER
_CHANGING = Right.WRITE | Right.INSERT | Right.EXPUNGE

PRIVILEGES = (
    Privilege("all", ALL, ALL, "", "Anything"),
    Privilege("read", Right.LOOKUP | Right.READ, Right.READ, "all", "Read contents and folders"),
    Privilege("read-current-user-privilege-set", Right(0), Right.LOOKUP, "read", "See what one may do"),
    Privilege("write", _WRITE | _BIND | _UNBIND, _CHANGING, "all", "Change anything"),
    Privilege("write-content", _WRITE, Right.WRITE, "write", "Change contents and properties"),
    Privilege("write-properties", Right(0), Right.WRITE, "write", "Change properties"),
    Privilege("bind", _BIND, Right.INSERT, "write", "Add to a folder"),
    Privilege("unbind", _UNBIND, Right.EXPUNGE, "write", "Take away from a folder"),
    Privilege("unlock", Right(0), Right.ADMINISTER, "all", "Break others' locks"),
    Privilege("read-acl", Right(0), Right.ADMINISTER, "all", "See who may do what"),
    Privilege("write-acl", _ADMINISTER, Right.ADMINISTER, "all", "Say who may do what"),
)
BY_NAME = {each.name: each for each in PRIVILEGES}


def held(rights: Right) -> list[str]:
    """The privileges that somebody has who has these rights; RFC 3744 5.4."""
    return [each.name for each in PRIVILEGES if not each.needs & ~rights]


def given(rights: Right) -> list[str]:
    """The fewest privileges that say what these rights are, as in an access-control entry; RFC 3744 5.5.

    Without an exact word for them, those that one has.
    """
    names: list[str] = []
    for each in PRIVILEGES:
        if each.gives and not each.needs & ~rights and each.within not in names and "all" not in names:
            names.append(each.name)
    return names


def rights_of(names: Iterable[str]) -> Right:
    """What privileges give; raises KeyError for one that there is not, ValueError for an abstract one."""
    rights = Right(0)
    for name in names:
        privilege = BY_NAME[name]
        if not privilege.gives:
            raise ValueError(name)
        rights |= privilege.gives
    return rights


def missing(rights: Right) -> str:
    """The privilege that somebody lacks who lacks one of these rights."""
    for name in ("write-content", "bind", "unbind", "write-acl"):
        if rights & BY_NAME[name].gives & ~Right.LOOKUP:
            return name
    return "read"


def elements(names: Iterable[str]) -> str:
    """Privileges as XML."""
    return "".join([f"<D:privilege><D:{name}/></D:privilege>" for name in names])


def lacking(where: Path, rights: Right) -> str:
    """What is in DAV:need-privileges; RFC 3744 7.1.1."""
    return f"<D:resource>{href(where, is_folder=False)}{elements([missing(rights)])}</D:resource>"


def supported(within: str = "") -> str:
    """The tree of them; RFC 3744 5.3."""
    return "".join(
        [
            f"<D:supported-privilege><D:privilege><D:{each.name}/></D:privilege>{'' if each.gives else '<D:abstract/>'}"
            f'<D:description xml:lang="en">{each.words}</D:description>{supported(each.name)}</D:supported-privilege>'
            for each in PRIVILEGES
            if each.within == within
        ]
    )
