"""`python -m posthouse.server.supervisor`: what `posthouse serve` becomes; also a nursery started afresh.

Modules are imported in `main`, after what servers do not need was kept out: structlog would import rich for
tracebacks that only people at a terminal see, at 10 MB a process.
"""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path
from typing import Any, cast


def main() -> None:
    """Run until told to stop; ends with status 0 after a graceful stop."""
    cast("dict[str, Any]", sys.modules)["rich"] = None
    parser = argparse.ArgumentParser(prog="posthouse serve")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--nursery", type=int)
    asked = parser.parse_args()
    from posthouse.server.logs import capture_libraries  # noqa: PLC0415
    from posthouse.server.supervisor.roles import ROLES  # noqa: PLC0415

    capture_libraries()
    if asked.nursery is not None:
        from posthouse.server.nursery import run_nursery  # noqa: PLC0415

        run_nursery(socket.socket(fileno=asked.nursery), ROLES)
    from posthouse.server.supervisor.start import serve  # noqa: PLC0415

    sys.exit(serve(asked.config))


if __name__ == "__main__":
    main()
