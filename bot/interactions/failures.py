"""What a request to Discord can end with besides an answer."""

from __future__ import annotations

import aiohttp
import discord

DISCORD_FAILURES = (discord.DiscordException, aiohttp.ClientError, OSError)
"""Refusals and errors of Discord, of the connection, and time-outs (`TimeoutError` is an
`OSError`)."""
