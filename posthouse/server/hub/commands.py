"""What workers and supervisor say to one another, as AMP commands."""
# mypy: disallow-untyped-calls=False
# ruff: noqa: N815 - AMP looks for these names

from __future__ import annotations

from typing import Any, ClassVar

from twisted.protocols import amp

CHUNK = 60_000  # AMP's values are shorter than 64 KB


class LongString(amp.Argument):
    """Bytes of any length: further values of the same box carry what does not fit in the first."""

    def toBox(self, name: bytes, strings: dict[bytes, bytes], objects: dict[str, Any], _proto: Any) -> None:
        value: bytes | None = objects.get(name.decode())
        if value is None:
            if not self.optional:
                raise KeyError(name)
            return
        strings[name] = value[:CHUNK]
        for number, start in enumerate(range(CHUNK, len(value), CHUNK), 1):
            strings[b"%s.%d" % (name, number)] = value[start : start + CHUNK]

    def fromBox(self, name: bytes, strings: dict[bytes, bytes], objects: dict[str, Any], _proto: Any) -> None:
        if self.optional and name not in strings:
            objects[name.decode()] = None
            return
        parts = [strings[name]]
        while (more := strings.get(b"%s.%d" % (name, len(parts)))) is not None:
            parts.append(more)
        objects[name.decode()] = b"".join(parts)


class Publish(amp.Command):
    """Both ways: something under `topic` changed."""

    arguments: ClassVar = [(b"topic", amp.Unicode())]
    requiresAnswer = False


class Put(amp.Command):
    """Registry.put."""

    arguments: ClassVar = [(b"key", amp.Unicode()), (b"value", LongString()), (b"lease", amp.Float())]


class Get(amp.Command):
    """Registry.get."""

    arguments: ClassVar = [(b"key", amp.Unicode())]
    response: ClassVar = [(b"value", LongString(optional=True))]


class Remove(amp.Command):
    """Registry.remove."""

    arguments: ClassVar = [(b"key", amp.Unicode())]


class Claim(amp.Command):
    """Registry.claim."""

    arguments: ClassVar = [(b"key", amp.Unicode()), (b"holder", amp.String()), (b"lease", amp.Float())]
    response: ClassVar = [(b"held", amp.Boolean())]


class Release(amp.Command):
    """Registry.release."""

    arguments: ClassVar = [(b"key", amp.Unicode()), (b"holder", amp.String())]


class Hit(amp.Command):
    """Registry.hit."""

    arguments: ClassVar = [(b"key", amp.Unicode()), (b"window", amp.Float())]
    response: ClassVar = [(b"count", amp.Integer())]


class Hits(amp.Command):
    """Registry.hits."""

    arguments: ClassVar = [(b"key", amp.Unicode())]
    response: ClassVar = [(b"count", amp.Integer())]


class Ready(amp.Command):
    """From a worker: it serves."""

    requiresAnswer = False


class Drain(amp.Command):
    """To a worker: take no more connections, let sessions go on for `linger`, then tell them to finish in `seconds`."""

    arguments: ClassVar = [(b"linger", amp.Float()), (b"seconds", amp.Float())]
    requiresAnswer = False


class Figures(amp.Command):
    """To a worker: its metrics."""

    response: ClassVar = [(b"figures", LongString())]


class AllFigures(amp.Command):
    """From a worker: the metrics of all workers, each named by its slot."""

    response: ClassVar = [(b"figures", LongString())]
