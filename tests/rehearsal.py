"""What the fork server does before it forks, so that no process of the tests has to do it again.

Callnote's modules are loaded, and a bot has been run: SQLAlchemy has compiled its statements, and
Python has adapted its code to what it is used for.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import importlib
import logging

from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.sandbox.scene import open_scene

# Not `bot.__main__`, which must be new to the process that runs it.
LOADED = (
    "alembic.command",
    "alembic.op",
    "bot.app.check",
    "bot.app.lifecycle",
    "bot.sandbox.shell",
    "cogs.callnote",
    "cogs.callnote_config",
    "cogs.guilds",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
)

NOTES = 3
PATIENCE = 30.0
"""Seconds after which an answer is no longer waited for."""


@functools.cache
def rehearse() -> None:
    """Load the modules and run a bot, once; of that only what makes others faster is left."""
    for name in LOADED:
        importlib.import_module(name)
    addresses = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    logging.disable()
    asyncio.run(_use_a_bot())
    logging.disable(logging.NOTSET)
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = addresses
    gc.collect()
    gc.freeze()


async def _use_a_bot() -> None:
    async with open_scene() as scene:
        for number in range(NOTES):
            options = {"call": "123", "note": f"note {number}"}
            interaction = await scene.use_command("dispatcher", "callnote", options)
            await asyncio.wait_for(interaction.answered(), PATIENCE)
