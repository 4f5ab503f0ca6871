"""Coroutine tests run on one uvloop loop per test process, which is also Twisted's reactor, as in a worker.

No example of a random test has a time limit: how long one takes says more of the machine than of us.
"""

from __future__ import annotations

import asyncio
import inspect
import os

import pytest
import uvloop
from hypothesis import settings
from twisted.internet import asyncioreactor

LIMIT_SECONDS = 2400 if os.environ.get("POSTHOUSE_TEST_LONG") else 120

LOOP = uvloop.new_event_loop()
asyncio.set_event_loop(LOOP)
asyncioreactor.install(LOOP)

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    LOOP.run_until_complete(asyncio.wait_for(pyfuncitem.obj(**wanted), LIMIT_SECONDS))
    return True


@pytest.fixture(scope="session")
def loop() -> asyncio.AbstractEventLoop:
    """For fixtures that start or stop something on the loop that tests run on."""
    return LOOP
