"""What SMTP transcripts play on: the accounts of tests/unit/smtp/world.py, password "secret"; the time stands still.

`# with:` takes `role=mx` (the default), `submission` or `lmtp`, `tls=yes` (STARTTLS is offered), `peer=ADDRESS`, and
any setting of SmtpSettings.
"""

from __future__ import annotations

from tests.transcripts.runner import Stage
from tests.unit.smtp.world import open_world


async def set_stage(options: dict[str, str]) -> Stage:
    """A new server for one transcript."""
    settings = {name: int(value) for name, value in options.items() if name not in ("role", "tls", "peer")}
    tls = object() if options.get("tls") == "yes" else None
    world = await open_world(options.get("role", "mx"), tls=tls, **settings)
    return Stage(world.begin)
