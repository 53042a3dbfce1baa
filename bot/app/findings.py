"""What `check` prints and the log tells at the start, from the same facts in the same words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import aiohttp
import discord

from bot.app import texts
from bot.app.installed_packages import unlike_pins
from bot.config import Config
from bot.health.cad_texts import cad_details, cad_lines
from bot.health.lines import Line, Mark
from bot.health.probe import CadProbe
from bot.health.texts import guild_lines, invite_line
from bot.interactions.discord_answers import is_token_refusal
from bot.interactions.errors import DISCORD_FAILURES
from bot.outbox import HOST


def discord_trouble(error: Exception, config: Config) -> Line:
    """Return why Discord cannot be used."""
    elsewhere = config.discord_api_url is not None
    given = {"DISCORD_API_URL": elsewhere, "HTTPS_PROXY": config.discord_proxy is not None}
    settings = [name for name, is_set in given.items() if is_set]
    match error:
        case discord.LoginFailure() if not is_token_refusal(error):
            return texts.answered_with(401, elsewhere=elsewhere)
        case discord.LoginFailure():
            return Line(Mark.ILL, texts.LOGIN_REJECTED)
        case aiohttp.ClientConnectorCertificateError():  # which is a ValueError, too
            return texts.UNVERIFIED_CERTIFICATE
        case discord.GatewayNotFound():
            return texts.NO_GATEWAY
        case discord.ConnectionClosed():
            return texts.closed_with(error.code)
        case discord.HTTPException():
            return texts.answered_with(error.status, elsewhere=elsewhere)
        case TimeoutError():
            return texts.no_answer(settings=settings)
    if isinstance(error, DISCORD_FAILURES):
        return texts.no_connection(type(error).__name__, settings=settings)
    return texts.UNREADABLE_ANSWER


def installation(config: Config) -> Iterator[Line]:
    """Return where the settings come from, and whether the packages are the pinned ones."""
    yield texts.settings_read(config.source)
    yield texts.packages_line(unlike_pins())


def application(
    found: discord.AppInfo, guilds: Mapping[int, str], expected: Collection[int]
) -> Iterator[Line]:
    """Return who the bot is, how it is invited, and in which guilds it is.

    `guilds` are their names by id, `expected` the ids of those in which it should be.
    """
    yield texts.identity_line(found.name, found.id)
    yield texts.invite_address(found.id)
    yield invite_line(anyone=found.bot_public)
    yield from guild_lines(guilds, expected)


async def cad(probe: CadProbe, config: Config) -> list[Line]:
    """Return how the host's CAD is, and which roles may use it where nobody has chosen any."""
    if config.credentials is None:
        return [texts.NO_HOST_COMMUNITY]
    health = await probe.health(HOST)
    return [
        *cad_lines(health, config.server_id, chosen=False, to_host=True),
        *cad_details(health),
        texts.default_roles_line(len(config.dispatcher_role_ids)),
    ]
