"""Points discord.py at another Discord endpoint, such as a stand-in."""

from __future__ import annotations

import aiohttp
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

GATEWAY_SECONDS = 10.0


async def gateway_of(api_url: str) -> str:
    """Ask an API address for its gateway's address (`GET /gateway`, which needs no token).

    Raises `aiohttp.ClientError`, `TimeoutError` or `ValueError` when there is no usable answer.
    """
    timeout = aiohttp.ClientTimeout(total=GATEWAY_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(f"{api_url}/gateway", allow_redirects=False) as response,
    ):
        answer = await response.json(content_type=None)
    if not isinstance(answer, dict) or not isinstance(answer.get("url"), str):
        raise ValueError("no gateway address in the answer")
    return str(answer["url"])


def use_discord_at(api_url: str, gateway_url: str) -> None:
    """Let every discord.py client in this process use these addresses from now on.

    The library keeps both as class attributes and falls back to the default gateway when a
    session is lost, so both must change together or the token would travel to Discord itself.
    """
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = api_url, yarl.URL(gateway_url)
