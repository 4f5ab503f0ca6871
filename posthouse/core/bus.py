"""Bus: who wants to know that something changed is told so; what changed, the store says.

A lost notice may cost a delay, never a wrong answer: listeners look into the store and do not trust the notice.
The topics are those of `posthouse.storage.topics`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Listener = Callable[[str], None]


class Bus(Protocol):
    """Publish and subscribe by topic, across all workers of a deployment."""

    def publish(self, topic: str) -> None:
        """Tell every listener of `topic`, here and in other workers; returns at once."""

    def subscribe(self, topic: str, listener: Listener) -> Callable[[], None]:
        """Call `listener(topic)` on each notice until the returned function is called."""


class LocalBus:
    """The bus of one process; also what other engines of the contract deliver to inside a worker."""

    def __init__(self) -> None:
        self._listeners: dict[str, tuple[Listener, ...]] = {}

    def publish(self, topic: str) -> None:
        for listener in self._listeners.get(topic, ()):
            listener(topic)

    def subscribe(self, topic: str, listener: Listener) -> Callable[[], None]:
        self._listeners[topic] = (*self._listeners.get(topic, ()), listener)

        def unsubscribe() -> None:
            left = tuple(known for known in self._listeners.get(topic, ()) if known is not listener)
            if left:
                self._listeners[topic] = left
            else:
                self._listeners.pop(topic, None)

        return unsubscribe
