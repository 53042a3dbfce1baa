"""The checks that a host runs on the command line: `python -m bot check`."""

from __future__ import annotations

import asyncio

import aiohttp
import discord

from bot.app import texts
from bot.app.client import COMMANDS
from bot.app.discord_endpoint import UNREADABLE, gateway_of, use_discord_at
from bot.app.logging import printable
from bot.app.services import Services
from bot.config import Config
from bot.health.cad_texts import cad_details, cad_lines
from bot.health.lines import Line, Mark
from bot.health.texts import (
    VERSION,
    everyone_line,
    guild_lines,
    invite_line,
    wiped_line,
)
from bot.interactions.discord_answers import is_token_refusal
from bot.interactions.errors import DISCORD_FAILURES
from bot.outbox import HOST
from bot.sonoran import open_session
from bot.storage import StorageError
from bot.storage.upgrade import HEAD
from bot.timing import Timing

_WORDS = {Mark.WELL: "ok", Mark.ILL: "NOT OK", Mark.NOTE: "--"}


async def check(config: Config, *, timing: Timing = Timing()) -> int:
    """Print a line for each finding, changing nothing; returns 0 when all is well, else 1."""
    lines = [texts.SETTINGS_READ, *await _discord_lines(config, timing)]
    async with open_session(config.cad_proxy) as session:
        services = Services(config, session, timing=timing)
        if config.credentials is None:
            lines.append(texts.NO_HOST_COMMUNITY)
        else:
            health = await services.cad_probe.health(HOST)
            lines += cad_lines(health, config.server_id, chosen=False, to_host=True)
            lines += cad_details(health)
        lines.append(texts.default_roles_line(len(config.dispatcher_role_ids)))
        lines += await _database_lines(services, config)
    lines.append(VERSION)
    for line in lines:
        print(f"{_WORDS[line.mark]:7}{printable(line.text)}")
    return 1 if any(line.mark is Mark.ILL for line in lines) else 0


async def _discord_lines(config: Config, timing: Timing) -> list[Line]:
    elsewhere = config.discord_api_url is not None
    try:
        async with asyncio.timeout(timing.check_discord):
            if config.discord_api_url is not None:
                gateway = await gateway_of(
                    config.discord_api_url, timing.identify, config.discord_proxy
                )
                use_discord_at(config.discord_api_url, gateway)
            async with discord.Client(
                intents=discord.Intents.none(), proxy=config.discord_proxy
            ) as client:
                await client.login(config.discord_token)
                application = await client.application_info()
                registered = await client.http.get_global_commands(application.id)
                found = {str(command["name"]) for command in registered}
                guilds = {
                    guild.id: guild.name
                    async for guild in client.fetch_guilds(limit=None, with_counts=False)
                }
    except discord.LoginFailure as error:
        if is_token_refusal(error):
            return [Line(Mark.ILL, texts.LOGIN_REJECTED)]
        return [texts.answered_with(401, elsewhere=elsewhere)]
    except aiohttp.ClientConnectorCertificateError:  # which is a ValueError, too
        return [texts.UNVERIFIED_CERTIFICATE]
    except UNREADABLE:
        return [texts.UNREADABLE_ANSWER]
    except discord.GatewayNotFound:
        return [texts.NO_GATEWAY]
    except discord.HTTPException as error:
        return [texts.answered_with(error.status, elsewhere=elsewhere)]
    except TimeoutError:
        return [texts.NO_ANSWER]
    except DISCORD_FAILURES as error:
        return [texts.no_connection(type(error).__name__, elsewhere=elsewhere)]
    everyone = sorted(config.dispatcher_role_ids & guilds.keys())
    return [
        texts.LOGIN_ACCEPTED,
        texts.commands_line(sorted(COMMANDS - found)),
        invite_line(anyone=application.bot_public),
        *guild_lines(guilds, config.guild_ids),
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
