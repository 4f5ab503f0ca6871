"""What is wrong with a configuration file, where, and what to write instead."""

from __future__ import annotations

from msgspec import Struct


class Problem(Struct, frozen=True):
    """One mistake; `line` counts from 1, 0 when it has no place in the file."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}"


class ConfigurationError(Exception):
    """The file cannot be used; `problems` says all that is wrong with it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)
