"""Every transcript under this folder, played in memory; the format stands in `runner.py`."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.transcripts.runner import play

HERE = Path(__file__).parent
TRANSCRIPTS = sorted(HERE.glob("*/**/*.txt"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: str(path.relative_to(HERE).with_suffix("")))
async def test_transcript(path: Path) -> None:
    protocol = path.relative_to(HERE).parts[0]
    stage = importlib.import_module(f"tests.transcripts.{protocol}.stage")
    await play(path, stage.set_stage)
