"""One served Posthouse for all client tests of a test process; each test makes its own account."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import msgspec
import pytest

from tests.served import Served

PASSWORD = "correct horse battery"
_numbers = count(1)


class Person(msgspec.Struct, frozen=True):
    """An account of the served domain."""

    address: str
    password: str


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("served"), workers=2)
    served.start()
    yield served
    served.stop()


@pytest.fixture
def person(server: Served) -> Person:
    """A fresh account."""
    address = f"person{next(_numbers)}@{server.domain}"
    server.cli("account", "add", address, "--password-stdin", say=PASSWORD)
    return Person(address, PASSWORD)
