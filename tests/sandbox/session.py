"""A session of the sandbox, in a process of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests import fork_server
from tests.child import environment, interpret
from tests.world import PATIENCE


async def sandbox(
    text: str | bytes,
    folder: Path,
    *,
    thinking: bool = False,
    forked: bool = True,
    **settings: str,
) -> list[str]:
    """Give the sandbox these lines and return those it prints.

    Without `thinking`, the lines that say that Callnote is thinking are left out: it may be on a
    busy machine.
    """
    process: fork_server.Forked | asyncio.subprocess.Process
    if forked:
        process = await fork_server.fork(folder, environment(settings), "bot", "sandbox")
    else:
        process = await interpret(folder, settings, "-m", "bot", "sandbox")
    sent = text.encode() if isinstance(text, str) else text
    out, errors = await asyncio.wait_for(process.communicate(sent), PATIENCE)
    assert errors == b""
    assert process.returncode == 0
    lines = out.decode().splitlines()
    return [line for line in lines if thinking or line != "Callnote is thinking…"]
