"""Settings as the tree declares them: what each one's type, limits and description say, in words."""

from __future__ import annotations

import ipaddress
import types
import typing
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from posthouse.formats.endpoint import parse_endpoint


class Setting(Struct, frozen=True):
    """One field of a settings class; `Meta(extra={"networks": True})` makes its texts networks.

    Likewise "endpoints": IP addresses with or without a port.
    """

    name: str
    annotation: Any  # the type with its Meta, for msgspec.convert
    kind: Any  # the type without
    meta: Meta
    default: Any  # msgspec.NODEFAULT without one

    @property
    def description(self) -> str:
        """What it is for; a table without its own words has those of its class."""
        own = self.meta.description or ""
        return own if own or not self.is_table else (self.kind.__doc__ or "").partition("\n")[0]

    @property
    def is_table(self) -> bool:
        """True when it is a table of settings, not one value."""
        return isinstance(self.kind, type) and issubclass(self.kind, Struct)

    @property
    def is_secret(self) -> bool:
        """True when its value is shown nowhere; declared as `Meta(extra={"secret": True})`."""
        return self._is("secret")

    @property
    def words(self) -> str:
        """What may stand there, in words."""
        if self._is("networks"):
            return "a list, each a network such as 192.0.2.0/24"
        if self._is("endpoints"):
            return "a list, each an IP address such as 192.0.2.53, or with a port [2001:db8::53]:5353"
        return describe(self.kind, self.meta)

    def accepts(self, value: Any) -> bool:
        """True for a value that may stand there."""
        try:
            msgspec.convert(value, self.annotation, strict=True)
            for network in value if self._is("networks") else ():
                ipaddress.ip_network(network)
            for endpoint in value if self._is("endpoints") else ():
                parse_endpoint(endpoint, 1)
        except ValueError:
            return False
        return True

    def _is(self, kind: str) -> bool:
        return bool((self.meta.extra or {}).get(kind))


def settings_of(table: type[Struct]) -> Iterator[Setting]:
    """The settings of a class, as declared."""
    hints = typing.get_type_hints(table, include_extras=True)
    for field in msgspec.structs.fields(table):
        hint = hints[field.name]
        kind, meta = hint, Meta()
        if typing.get_origin(hint) is Annotated:
            kind = typing.get_args(hint)[0]
            meta = next((part for part in hint.__metadata__ if isinstance(part, Meta)), meta)
        default = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        yield Setting(field.encode_name, hint, kind, meta, default)


def describe(kind: Any, meta: Meta) -> str:
    """What may stand there, in words: "a whole number from 1 to 256"."""
    if typing.get_origin(kind) is Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in typing.get_args(kind))
    if typing.get_origin(kind) in (tuple, list):
        return "a list, each " + describe(*_element(kind))
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return " or ".join(describe(part, Meta()) for part in typing.get_args(kind) if part is not type(None))
    return _PLAIN.get(kind, getattr(kind, "__name__", str(kind))) + _limits(kind, meta)


def _element(kind: Any) -> tuple[Any, Meta]:
    hint = typing.get_args(kind)[0]
    if typing.get_origin(hint) is Annotated:
        return typing.get_args(hint)[0], next(part for part in hint.__metadata__ if isinstance(part, Meta))
    return hint, Meta()


def _limits(kind: Any, meta: Meta) -> str:
    if kind is str:
        if meta.pattern is not None:
            return f" matching {meta.pattern}"
        return "" if meta.max_length is None else f" of at most {meta.max_length} characters"
    low = meta.ge if meta.ge is not None else meta.gt
    high = meta.le if meta.le is not None else meta.lt
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f" from {low}" if meta.ge is not None else f" above {low}"
    if high is not None:
        return f" up to {high}" if meta.le is not None else f" below {high}"
    return ""


_PLAIN = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
}
