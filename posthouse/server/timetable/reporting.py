"""The duty that reports to others how TLS to them went."""

from __future__ import annotations

from posthouse.core.routing.settings import RoutingSettings
from posthouse.core.routing.tls_reports import TlsReporter
from posthouse.server.timetable.runner import Duty

HOUR_SECONDS = 3600  # a domain's turn is some time within the first hours of a day


def reporting_duties(reporter: TlsReporter, routing: RoutingSettings) -> dict[str, Duty]:
    """The duty by its kind of job; it may be done twice, or be cut off and begun again."""

    async def report_tls(_: bytes) -> None:
        """Send what is due of past days."""
        if routing.tls_reports:
            await reporter.report()

    return {"report tls": Duty(report_tls, HOUR_SECONDS)}
