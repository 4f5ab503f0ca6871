"""`python -m benchmarks [WORK ...] [--json] [--messages N]`; the works are below."""

from __future__ import annotations

import argparse

from benchmarks import changing, delivery, files, memory, pauses, queued, reading, relaying
from benchmarks.figures import Figure, show

WORKS = ("delivery", "reading", "changing", "memory", "relaying", "queued", "files", "pauses")


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"of {', '.join(WORKS)}; all without")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--messages", type=int, default=reading.MESSAGES, help="size of the mailbox that is read")
    asked = parser.parse_args()
    if unknown := set(asked.works) - set(WORKS):
        parser.error(f"no such work: {', '.join(sorted(unknown))}")
    figures: list[Figure] = []
    for work in asked.works or WORKS:
        if work == "delivery":
            figures += delivery.run()
        elif work == "reading":
            figures += reading.run(asked.messages)
        elif work == "changing":
            figures += changing.run()
        elif work == "relaying":
            figures += relaying.run()
        elif work == "queued":
            figures += queued.run()
        elif work == "pauses":
            figures += pauses.run(asked.messages)
        elif work == "files":
            figures += files.run()
        else:
            figures += memory.run()
    show(figures, as_json=asked.json)


main()
