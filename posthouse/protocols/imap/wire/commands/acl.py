"""Commands about who may do what; RFC 4314 3."""

from __future__ import annotations

from typing import Literal

from posthouse.protocols.imap.wire.commands.command import Command


class SetAcl(Command, frozen=True):
    """SETACL; RFC 4314 3.1.

    `rights`, as bits of `core.sharing`'s Right, replace what there is, are added or removed.
    """

    name: str
    identifier: str
    mode: Literal["set", "add", "remove"]
    rights: int


class DeleteAcl(Command, frozen=True):
    """DELETEACL; RFC 4314 3.2."""

    name: str
    identifier: str


class GetAcl(Command, frozen=True):
    """GETACL; RFC 4314 3.3."""

    name: str


class ListRights(Command, frozen=True):
    """LISTRIGHTS; RFC 4314 3.4."""

    name: str
    identifier: str


class MyRights(Command, frozen=True):
    """MYRIGHTS; RFC 4314 3.5."""

    name: str
