"""The checks that a host runs on the command line: `python -m bot check`."""

from __future__ import annotations

import asyncio

import discord

from bot.app import findings, texts
from bot.app.client import COMMANDS
from bot.app.discord_endpoint import UNREADABLE_LOGIN, find_discord, introduce
from bot.app.logging import printable
from bot.app.services import Services
from bot.config import Config
from bot.health.lines import Line, Mark
from bot.health.texts import VERSION, everyone_line, wiped_line
from bot.interactions.errors import DISCORD_FAILURES
from bot.sonoran import open_session
from bot.storage import StorageError
from bot.storage.upgrade import HEAD
from bot.timing import Timing

_WORDS = {Mark.WELL: "ok", Mark.ILL: "NOT OK", Mark.NOTE: "--"}


async def check(config: Config, *, timing: Timing = Timing()) -> int:
    """Print a line for each finding, changing nothing; returns 0 when all is well, else 1."""
    lines = [*findings.installation(config), *await _discord_lines(config, timing)]
    async with open_session(config.cad_proxy) as session:
        services = Services(config, session, timing=timing)
        lines += await findings.cad(services.cad_probe, config)
        lines += await _database_lines(services, config)
    lines.append(VERSION)
    for line in lines:
        print(f"{_WORDS[line.mark]:7}{printable(line.text)}")
    return 1 if any(line.mark is Mark.ILL for line in lines) else 0


async def _discord_lines(config: Config, timing: Timing) -> list[Line]:
    try:
        async with asyncio.timeout(timing.check_discord):
            await find_discord(config, timing)
            async with discord.Client(
                intents=discord.Intents.none(), proxy=config.discord_proxy
            ) as client:
                introduce(client)
                await client.login(config.discord_token)
                application = await client.application_info()
                registered = await client.http.get_global_commands(application.id)
                found = {str(command["name"]) for command in registered}
                guilds = {
                    guild.id: guild.name
                    async for guild in client.fetch_guilds(limit=None, with_counts=False)
                }
    except (*DISCORD_FAILURES, *UNREADABLE_LOGIN) as error:
        return [findings.discord_trouble(error, config)]
    everyone = sorted(config.dispatcher_role_ids & guilds.keys())
    return [
        texts.LOGIN_ACCEPTED,
        texts.commands_line(sorted(COMMANDS - found)),
        *findings.application(application, guilds, config.guild_ids),
        *([everyone_line(everyone)] if everyone else []),
    ]


async def _database_lines(services: Services, config: Config) -> list[Line]:
    database, shown = services.database, config.database.shown
    try:
        revision = await database.open(shared=True)
        if revision == HEAD:
            await services.communities.refresh(None)
    except StorageError as error:
        return [texts.database_failed(shown, str(error))]
    finally:
        await database.close()
    works = texts.database_opened(shown, empty=revision is None, newest=revision == HEAD)
    wiped = wiped_line(config.wiped_by, to_host=True)
    sealed = texts.sealed_line(services.communities.sealed_count)
    return [line for line in (works, wiped, sealed) if line is not None]
