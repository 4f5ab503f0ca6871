"""What SMTP transcripts play on: the accounts of tests/unit/smtp/world.py, password "secret"; the time stands still.

`# with:` takes `role=mx` (the default), `submission` or `lmtp`, `tls=yes` (STARTTLS is offered), `peer=ADDRESS`,
`xclient=NETWORK`, `tokens=yes` (those of tests/tokens.py are taken) and any number of SmtpSettings.
"""

from __future__ import annotations

from typing import Any

from tests.tokens import SomeTokens
from tests.transcripts.runner import Stage
from tests.unit.smtp.world import open_world


async def set_stage(options: dict[str, str]) -> Stage:
    """A new server for one transcript."""
    settings: dict[str, Any] = {
        name: int(value) for name, value in options.items() if name not in ("role", "tls", "peer", "xclient", "tokens")
    }
    if "xclient" in options:
        settings["xclient_networks"] = (options["xclient"],)
    tls = object() if options.get("tls") == "yes" else None
    tokens = SomeTokens() if options.get("tokens") == "yes" else None
    world = await open_world(options.get("role", "mx"), tls=tls, tokens=tokens, **settings)
    return Stage(world.begin)
