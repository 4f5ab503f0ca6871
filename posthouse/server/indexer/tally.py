"""What the indexer counts, shown with the metrics of the workers."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from posthouse.server.worker.metrics import encode_figures

WAITING = "posthouse_search_messages_waiting"


class MetricTally:
    """The metrics of the indexer."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._indexed = Counter(
            "posthouse_search_messages_indexed", "Messages put into the search index.", registry=self._registry
        )
        self._waiting = Gauge(
            WAITING, "Messages that are not in the search index yet, at most.", registry=self._registry
        )

    def indexed(self, messages: int) -> None:
        self._indexed.inc(messages)

    def waiting(self, messages: int) -> None:
        self._waiting.set(messages)

    def figures(self) -> bytes:
        """All of it."""
        return encode_figures(self._registry)
