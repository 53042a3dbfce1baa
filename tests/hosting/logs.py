"""What a process that is started as a host does writes to its log."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Protocol

from tests.world import PATIENCE

LOOK_SECONDS = 0.05

USUAL = re.compile(r"[\d-]+ [\d:,]+ INFO ")
"""How each line of the bot begins that says nothing of trouble."""


class Process(Protocol):
    @property
    def returncode(self) -> int | None: ...


async def says(log: Path, text: str, process: Process) -> None:
    """Wait until a text is in the log of a process, which must not end before."""
    async with asyncio.timeout(PATIENCE):
        while text not in (said := log.read_text(encoding="utf-8")):  # noqa: ASYNC240
            assert process.returncode is None, said
            await asyncio.sleep(LOOK_SECONDS)


def unusual(log: Path) -> list[str]:
    """Return the lines of a log that tell of trouble, or are not the bot's."""
    lines = log.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not USUAL.match(line)]
