"""What a supervisor runs by: the configuration and the certificate, read and found good."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from posthouse.server.certificate import KeyPair, read_key_pair
from posthouse.server.configuration import Configuration, read_configuration
from posthouse.server.configuration.tree import Places, places


class Settled(Struct, frozen=True):
    """What was read and found good."""

    file: Path
    configuration: Configuration
    key_pair: KeyPair

    @property
    def places(self) -> Places:
        """Where the installation's files are."""
        return places(self.configuration)

    @property
    def workers(self) -> int:
        """How many worker processes."""
        return self.configuration.server.workers or len(os.sched_getaffinity(0))


def settle(file: Path) -> Settled:
    """Read the configuration and the certificate; raises ConfigurationError and BadCertificate."""
    configuration = read_configuration(file)
    where = places(configuration)
    return Settled(file, configuration, read_key_pair(where.certificate, where.certificate_key))
