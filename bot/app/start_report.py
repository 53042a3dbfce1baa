"""The first lines of the log: who the bot is, what it has reached, and that it is ready."""

from __future__ import annotations

import logging
import platform
from collections.abc import Iterable

import discord

from bot import __version__
from bot.app import findings, texts
from bot.app.client import CallnoteBot
from bot.config import Config
from bot.health.lines import Line, Mark

_log = logging.getLogger(__name__)


def report_installation(config: Config) -> None:
    """Log what is known before anything is reached."""
    _log.info(
        "Callnote %s on Python %s with discord.py %s",
        __version__,
        platform.python_version(),
        discord.__version__,
    )
    _tell(findings.installation(config))


async def report_start(bot: CallnoteBot, config: Config) -> None:
    """Log how Discord and the CAD were found once both and the database were, then READY.

    The CAD may be out of reach, which keeps no note from being accepted; the others may not.
    """
    await bot.wait_until_ready()
    await bot.services.supervisor.opened.wait()
    guilds = {guild.id: guild.name for guild in bot.guilds}
    expected = config.guild_ids
    if (shards := config.shards) is not None:
        expected = frozenset(filter(shards.serve, expected))
        _tell([texts.shards_line(shards.ids, shards.count)])
    if bot.application is not None:  # discord.py asks for it in `login`
        _tell(findings.application(bot.application, guilds, expected))
    await bot.services.settings.loaded()
    connected = sum(bot.services.connections.of(guild).connected for guild in bot.guilds)
    _tell([texts.connected_line(connected, own_cad=config.credentials is not None)])
    _tell(await findings.cad(bot.services.cad_probe, config))
    _log.info(texts.READY)


def _tell(lines: Iterable[Line]) -> None:
    for line in lines:
        _log.log(logging.WARNING if line.mark is Mark.ILL else logging.INFO, "%s", line.text)
