"""The courier: carries all mail of one destination at a time, on behalf of the job that says so."""

from __future__ import annotations

from posthouse.core.bus import Bus
from posthouse.core.queue.line import Means
from posthouse.core.queue.own import OwnMail
from posthouse.core.queue.records import OWN
from posthouse.core.queue.send import carry_topic
from posthouse.core.queue.tour import Tour
from posthouse.core.queue.transfer import begin


class Courier:
    """A worker's. The timetable sees to it that no two are at one destination."""

    def __init__(self, means: Means, own: OwnMail, bus: Bus) -> None:
        self._means = means
        self._own = own
        self._bus = bus
        self._tours: set[Tour] = set()
        self._stopped = False

    async def carry(self, destination: bytes) -> None:
        """Carry what is due there, and what comes while that is done.

        Whatever was not written down when this ends is carried again.
        """
        name = destination.decode()
        state = await self._means.store.write(begin, name, self._means.now())
        if state == "closed" or self._stopped:
            return
        if name == OWN:
            await self._own.deliver_due()
            return
        tour = Tour(self._means, name, self._linger_seconds, is_doubtful=state == "doubtful")
        unsubscribe = self._bus.subscribe(carry_topic(name), lambda _topic: tour.stir())
        self._tours.add(tour)
        try:
            await tour.run()
        finally:
            self._tours.discard(tour)
            unsubscribe()

    def hanging(self) -> int:
        """How many destinations give no sign of life, as far as they are to take no room from others."""
        return min(sum(tour.hangs for tour in self._tours), self._means.settings.hanging_at_once)

    def stop(self) -> None:
        """Begin nothing more; what is being sent is sent."""
        self._stopped = True
        self._own.stop()
        for tour in self._tours:
            tour.stop()

    def _linger_seconds(self) -> float:
        """No time is spent waiting for mail that may come where other destinations may be waiting for this courier."""
        settings = self._means.settings
        return (
            settings.linger_seconds if len(self._tours) - self.hanging() <= settings.destinations_at_once // 2 else 0.0
        )
