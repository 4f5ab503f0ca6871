"""SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS; RFC 4314 7."""

from __future__ import annotations

from typing import Literal

from posthouse.core.sharing.rights import UnknownRight, parse_rights
from posthouse.formats.saslprep import saslprep
from posthouse.protocols.imap.wire.commands.acl import DeleteAcl, ListRights, SetAcl
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.reader import Expected, Reader

_MODES: dict[str, Literal["add", "remove"]] = {"+": "add", "-": "remove"}


def set_acl(reader: Reader, tag: str) -> SetAcl:
    """`"SETACL" SP mailbox SP identifier SP mod-rights`."""
    reader.sp()
    name = reader.mailbox()
    reader.sp()
    identifier = _identifier(reader)
    reader.sp()
    letters = reader.text_string("rights such as lrs, +i or -w")
    reader.end()
    mode = _MODES.get(letters[:1])
    try:
        rights = parse_rights(letters if mode is None else letters[1:])
    except UnknownRight:
        # RFC 4314 3.1: none may be passed over
        raise Expected("expected rights among lrswipkxtea, c and d, in lower case") from None
    return SetAcl(tag, name, identifier, mode or "set", int(rights))


def identified(command: type[DeleteAcl] | type[ListRights], reader: Reader, tag: str) -> Command:
    """`SP mailbox SP identifier`."""
    reader.sp()
    name = reader.mailbox()
    reader.sp()
    identifier = _identifier(reader)
    reader.end()
    return command(tag, name, identifier)


def _identifier(reader: Reader) -> str:
    """RFC 4314 3: by SASLprep; what it forbids, or makes empty, is not taken."""
    try:
        identifier = saslprep(reader.text_string("an identifier"))
    except ValueError as error:
        raise Expected(f"expected an identifier, but {error}") from None
    if not identifier:
        raise Expected("expected an identifier that is not empty")
    return identifier
