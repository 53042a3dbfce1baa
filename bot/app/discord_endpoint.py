"""Points discord.py at another Discord endpoint, such as a simulator."""

from __future__ import annotations

import json

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import USER_AGENT
from bot.config import Config
from bot.interactions.errors import UNREADABLE
from bot.sonoran.transport import is_loopback
from bot.timing import Timing

UNREADABLE_LOGIN = (*UNREADABLE, AttributeError)
"""What discord.py 2.7.1 raises for answers to its login that it cannot read."""


async def find_discord(config: Config, timing: Timing) -> None:
    """Let discord.py use what DISCORD_API_URL names, if it is set; raises like `gateway_of`."""
    if (api_url := config.discord_api_url) is not None:
        use_discord_at(api_url, await gateway_of(api_url, timing.identify, config.discord_proxy))


async def gateway_of(api_url: str, seconds: float, proxy: str | None) -> str:
    """Ask an API address for its gateway's address (`GET /gateway`, which needs no token).

    Raises `aiohttp.ClientError`, or `TimeoutError` after `seconds`, without an answer, and
    `discord.GatewayNotFound` for an unusable one: the gateway must be `wss`, or `ws` on this
    machine, as it is sent the token.
    """
    timeout = aiohttp.ClientTimeout(total=seconds)
    async with (
        aiohttp.ClientSession(timeout=timeout, proxy=proxy) as session,
        session.get(f"{api_url}/gateway", allow_redirects=False) as response,
    ):
        text = await response.text(errors="replace")
    try:
        gateway = yarl.URL(json.loads(text)["url"])
    except (ValueError, KeyError, TypeError):
        raise discord.GatewayNotFound from None
    if gateway.scheme != "wss" and not (gateway.scheme == "ws" and is_loopback(gateway.host or "")):
        raise discord.GatewayNotFound
    return str(gateway)


def use_discord_at(api_url: str, gateway_url: str) -> None:
    """Make every discord.py client in this process use these addresses.

    The library keeps both as class attributes and falls back to the default gateway when a
    session is lost, so both must change together, or the token would be sent to Discord itself.
    """
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = api_url, yarl.URL(gateway_url)


def introduce(client: discord.Client) -> None:
    """Let a client name Callnote to Discord, after the name that discord.py must give.

    Discord allows more behind it (Discord API docs, API Reference, User Agent).
    """
    client.http.user_agent += f" {USER_AGENT}"
