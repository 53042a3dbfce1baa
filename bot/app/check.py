"""The checks that a host runs on the command line: `python -m bot check`."""

from __future__ import annotations

import asyncio

import discord

from bot.app.client import COMMANDS
from bot.app.discord_endpoint import gateway_of, use_discord_at
from bot.app.logging import printable
from bot.app.services import Services, build
from bot.config import Config
from bot.health.cad_texts import (
    cad_details,
    cad_lines,
)
from bot.health.lines import (
    Line,
    Mark,
)
from bot.health.storage import storage_health
from bot.health.texts import (
    guild_lines,
    invite_line,
    version_line,
    wiped_line,
)
from bot.interactions.failures import DISCORD_FAILURES
from bot.sonoran import open_session
from bot.storage import Database, StorageError
from bot.storage.upgrade import HEAD
from bot.timing import Timing

_WORDS = {Mark.WELL: "ok", Mark.ILL: "NOT OK", Mark.NOTE: "--"}


async def check(config: Config, *, timing: Timing = Timing()) -> int:
    """Print a line for each finding; returns 0 when all is well, else 1.

    Nothing is changed anywhere, and a running bot is not disturbed.
    """
    lines = [Line(Mark.WELL, "The settings can be read.")]
    lines += await _discord_lines(config, timing)
    async with open_session() as session:
        services = build(config, session, timing=timing)
        lines += await _cad_lines(services, config)
        lines.append(_roles_line(config))
        lines += await _storage_lines(services.database, config)
    lines.append(version_line())
    for line in lines:
        print(f"{_WORDS[line.mark]:7}{printable(line.text)}")
    return 1 if any(line.mark is Mark.ILL for line in lines) else 0


async def _discord_lines(config: Config, timing: Timing) -> list[Line]:
    try:
        async with asyncio.timeout(timing.check_discord):
            if config.discord_api_url is not None:
                gateway = await gateway_of(config.discord_api_url, timing.identify)
                use_discord_at(config.discord_api_url, gateway)
            async with discord.Client(intents=discord.Intents.none()) as client:
                await client.login(config.discord_token)
                application_id = client.application_id or 0
                found = {
                    str(command["name"])
                    for command in await client.http.get_global_commands(application_id)
                }
                application = await client.application_info()
                guilds = {
                    guild.id: guild.name
                    async for guild in client.fetch_guilds(limit=None, with_counts=False)
                }
    except discord.LoginFailure:
        return [
            Line(
                Mark.ILL,
                "Discord rejected DISCORD_TOKEN: copy the bot's token again from the "
                "Developer Portal.",
            )
        ]
    except (LookupError, TypeError, ValueError):  # an answer that discord.py cannot read
        return [Line(Mark.ILL, "Discord gave an answer that cannot be read; try again later.")]
    except DISCORD_FAILURES as error:
        return [Line(Mark.ILL, f"Discord cannot be reached: {_why_unreachable(error, config)}.")]
    lines = [Line(Mark.WELL, "Discord accepts the token.")]
    missing = sorted(COMMANDS - found)
    if missing:
        names = " and ".join(f"/{name}" for name in missing)
        lines.append(
            Line(
                Mark.NOTE,
                f"Not registered with Discord yet: {names}; the bot does that at its start.",
            )
        )
    else:
        lines.append(Line(Mark.WELL, "The commands are registered with Discord."))
    lines.append(invite_line(anyone=application.bot_public))
    lines += guild_lines(guilds, config.guild_ids)
    return lines


def _why_unreachable(error: Exception, config: Config) -> str:
    """Return why Discord cannot be reached and what to do about it."""
    elsewhere = config.discord_api_url is not None
    if isinstance(error, discord.GatewayNotFound):
        return (
            "what answers at DISCORD_API_URL names no gateway that can be used; give the address "
            "with its path, such as https://discord.com/api/v10"
        )
    if isinstance(error, discord.HTTPException) and elsewhere and error.status < 500:
        return f"it answered with status {error.status}; check DISCORD_API_URL and its path"
    if isinstance(error, discord.HTTPException):
        return f"it answered with status {error.status}; try again in a moment"
    if isinstance(error, TimeoutError):
        return "it did not answer in time; check this machine's network and try again"
    setting = " and DISCORD_API_URL" if elsewhere else ""
    return (
        f"no connection could be made ({type(error).__name__}); check this machine's network"
        f"{setting}"
    )


async def _cad_lines(services: Services, config: Config) -> list[Line]:
    health = await services.cad_probe.health()
    lines = cad_lines(health, config.server_id, chosen=False, to_host=True)
    return lines + cad_details(health)


def _roles_line(config: Config) -> Line:
    count = len(config.dispatcher_role_ids)
    return Line(
        Mark.NOTE,
        f"DISPATCHER_ROLE_IDS names {count} role{'' if count == 1 else 's'}, for the servers whose "
        "administrators have not chosen their own.",
    )


async def _storage_lines(database: Database, config: Config) -> list[Line]:
    shown = config.database.shown
    try:
        revision = await database.open(shared=True)
    except StorageError as error:
        return [Line(Mark.ILL, f"Database: {shown}: {error}")]
    finally:
        await database.close()
    if revision is None:
        line = Line(Mark.NOTE, f"Database: {shown} has no tables yet; the bot makes them.")
    elif revision != HEAD:
        line = Line(Mark.NOTE, f"Database: {shown} is of an older version; the bot updates it.")
    else:
        line = Line(Mark.WELL, f"Database: {shown} works.")
    return [
        line,
        *filter(None, [wiped_line(storage_health(config.database, config.host), to_host=True)]),
    ]
