"""The command line in a folder of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from posthouse.server.cli import posthouse

PASSWORD = "correct horse battery"


class House:
    """A server that was set up and does not run."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        set_up = ["init", "--dir", str(directory), "--domain", "example.org", "--admin", "admin@example.org"]
        assert self._invoke([*set_up, "--password-stdin", "--unprivileged", "--yes"], PASSWORD).exit_code == 0

    def run(self, *arguments: str, say: str = "") -> Result:
        return self._invoke(["--config", str(self.directory / "posthouse.toml"), *arguments], say)

    def done(self, *arguments: str, say: str = "") -> str:
        """What a verb prints that is to succeed."""
        result = self.run(*arguments, say=say)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str, say: str = "") -> Any:
        return json.loads(self.done(*arguments, "--json", say=say))

    def refusal(self, *arguments: str, say: str = "") -> str:
        """What a verb says that is to fail."""
        result = self.run(*arguments, say=say)
        assert result.exit_code == 1, result.output
        return result.stderr

    def _invoke(self, arguments: list[str], say: str) -> Result:
        return CliRunner().invoke(posthouse, arguments, input=say + "\n")
