"""Prints the files that have grown past a size worth a thought; never fails."""

from __future__ import annotations

import statistics
from pathlib import Path

THOUGHT = 400


def main() -> None:
    sizes = {path: len(path.read_bytes().splitlines()) for path in Path("posthouse").rglob("*.py")}
    median = statistics.median(sizes.values())
    print(f"{len(sizes)} files, {sum(sizes.values())} lines, median {median:.0f}")
    for path, lines in sorted(sizes.items(), key=lambda entry: -entry[1]):
        if lines > THOUGHT:
            print(f"{lines:6} {path}: is there a second idea in it?")


if __name__ == "__main__":
    main()
