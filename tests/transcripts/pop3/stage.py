"""What POP3 transcripts play on: alice@example.org and bob@example.org, password "secret"; the time stands still.

`# with:` takes `messages=N` (the first N of MESSAGES are in Alice's inbox), `old=N` (N messages that were read forty
days ago are, too), `tls=yes` (STLS is offered), `peer=ADDRESS`, and any setting of Pop3Settings.
"""

from __future__ import annotations

from posthouse.core.mail.flags import SEEN
from tests.transcripts.runner import Stage
from tests.unit.pop3.world import MESSAGES, open_world

STAGE_OPTIONS = ("messages", "old", "tls", "peer")


async def set_stage(options: dict[str, str]) -> Stage:
    """A new server for one transcript."""
    settings = {
        name: int(value) if value.lstrip("-").isdigit() else value
        for name, value in options.items()
        if name not in STAGE_OPTIONS
    }
    world = await open_world(tls=object() if options.get("tls") == "yes" else None, **settings)
    if "old" in options:
        await world.put(*MESSAGES[:1] * int(options["old"]), flags=SEEN, days_ago=40)
    messages = MESSAGES[: int(options.get("messages", "0"))]
    if messages:
        await world.put(*messages)
    return Stage(world.begin)
