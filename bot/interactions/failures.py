"""The exceptions that a request to Discord can raise."""

from __future__ import annotations

import aiohttp
import discord

DISCORD_FAILURES = (discord.DiscordException, aiohttp.ClientError, OSError)
"""Discord's refusals and errors, connection errors, and time-outs (`TimeoutError` is an
`OSError`)."""
