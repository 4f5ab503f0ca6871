"""The store that domain tests run on: each of them runs on every engine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from posthouse.core.bus import LocalBus
from posthouse.storage.contract import Store
from tests.unit.stores import opened


@pytest.fixture
def bus() -> LocalBus:
    return LocalBus()


@pytest.fixture(params=["memory", "awkward", "lmdb-local"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, bus: LocalBus, loop: asyncio.AbstractEventLoop
) -> Iterator[Store]:
    context = opened(request.param, tmp_path, bus)
    yield loop.run_until_complete(context.__aenter__())
    loop.run_until_complete(context.__aexit__(None, None, None))
