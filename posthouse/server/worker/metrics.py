"""What is counted, in each worker; `/metrics` on any of them shows all, named by `worker`."""
# mypy: disallow-untyped-calls=False

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

import msgspec
from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from posthouse.storage.lmdb import StoreFigures

WRITE_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0)


class Sample(Struct, array_like=True):
    """One line of a metric."""

    name: str
    labels: dict[str, str]
    value: float


class Family(Struct, array_like=True):
    """One metric of one worker."""

    name: str
    help: str
    type: str
    samples: list[Sample]


class WriteSeconds:
    """A histogram of one step a write; the library's own takes five calls."""

    def __init__(self) -> None:
        self._counts = [0] * (len(WRITE_BUCKETS) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        """A write took so long."""
        self._counts[bisect_left(WRITE_BUCKETS, seconds)] += 1
        self._sum += seconds

    def collect(self) -> Iterator[Metric]:
        """What the registry asks for."""
        bounds = [*map(str, WRITE_BUCKETS), "+Inf"]
        yield HistogramMetricFamily(
            "posthouse_store_write_seconds",
            "From asking for a write until it is durable.",
            buckets=list(zip(bounds, accumulate(self._counts), strict=True)),
            sum_value=self._sum,
        )


class Metrics:
    """This worker's."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self.connections = Gauge("posthouse_connections", "Open connections.", ["listener"], registry=registry)
        self.connections_total = Counter(
            "posthouse_connections_accepted", "Connections accepted.", ["listener"], registry=registry
        )
        self.connections_refused = Counter(
            "posthouse_connections_refused", "Connections refused as too many.", ["listener"], registry=registry
        )
        self.throttled = Counter(
            "posthouse_http_requests_throttled", "HTTP requests refused as too many.", registry=registry
        )
        self.logins = Counter("posthouse_logins", "Logins tried, by outcome.", ["outcome"], registry=registry)
        self.delivered = Counter("posthouse_messages_delivered", "Messages put into mailboxes.", registry=registry)
        self.undelivered = Counter(
            "posthouse_messages_undelivered", "Messages that a mailbox did not take.", registry=registry
        )
        self.write_seconds = WriteSeconds()
        registry.register(self.write_seconds)
        self.writes_failed = Counter("posthouse_store_writes_failed", "Writes not answered.", registry=registry)

    def figures(self) -> bytes:
        """All of it, for `merged`."""
        return encode_figures(self._registry)


def encode_figures(registry: CollectorRegistry) -> bytes:
    """The metrics of one process, for `merged` and `value_of`."""
    families = [
        Family(
            metric.name,
            metric.documentation,
            metric.type,
            [
                Sample(sample.name, dict(sample.labels), sample.value)
                for sample in metric.samples
                if not sample.name.endswith("_created")
            ],
        )
        for metric in registry.collect()
    ]
    return msgspec.msgpack.encode(families)


def value_of(figures: bytes, name: str) -> float | None:
    """The value of one metric that has no labels."""
    families = msgspec.msgpack.decode(figures, type=list[Family])
    return next((sample.value for family in families for sample in family.samples if sample.name == name), None)


class _Merged:
    """Metrics of several workers as one registry."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> list[Metric]:
        return self._metrics


def _of_store(store: StoreFigures) -> Iterator[Metric]:
    yield GaugeMetricFamily("posthouse_store_entries", "Entries in the database.", store.entries)
    yield GaugeMetricFamily("posthouse_store_used_octets", "Octets of the database file in use.", store.used_octets)
    yield GaugeMetricFamily("posthouse_store_readers", "Readers of the database.", store.readers)
    yield CounterMetricFamily(
        "posthouse_store_commits",
        "Commits; writes over commits is the batch size.",
        store.commits,
    )


def merged(all_figures: list[tuple[str, bytes]], store: StoreFigures) -> bytes:
    """The text that Prometheus reads, of (worker, figures) pairs and of the store that they share."""
    metrics: dict[str, Metric] = {metric.name: metric for metric in _of_store(store)}
    for worker, figures in all_figures:
        for family in msgspec.msgpack.decode(figures, type=list[Family]):
            metric = metrics.get(family.name)
            if metric is None:
                metric = metrics[family.name] = Metric(family.name, family.help, family.type)
            for sample in family.samples:
                metric.add_sample(sample.name, {**sample.labels, "worker": worker}, sample.value)
    return generate_latest(_Merged(list(metrics.values())))
