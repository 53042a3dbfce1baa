"""A stand-in for Discord that the real discord.py client connects to over loopback sockets.

It keeps the documented rules of the real service as far as a bot with slash commands,
components and plain messages meets them; every rule names its source beside the code. It knows
nothing of any particular bot.
"""

from bot.standins.discord_server.command_use import ActionRefusedError, OptionValue
from bot.standins.discord_server.errors import ApiError
from bot.standins.discord_server.faults import Fault
from bot.standins.discord_server.guild import Guild
from bot.standins.discord_server.interaction import (
    CallbackAttempt,
    Interaction,
    InteractionFailedError,
)
from bot.standins.discord_server.mentions import Pings
from bot.standins.discord_server.messages import Message
from bot.standins.discord_server.model import Channel, Member, Role, User
from bot.standins.discord_server.rest import RecordedRequest
from bot.standins.discord_server.server import DiscordServer

__all__ = [
    "ActionRefusedError",
    "ApiError",
    "CallbackAttempt",
    "Channel",
    "DiscordServer",
    "Fault",
    "Guild",
    "Interaction",
    "InteractionFailedError",
    "Member",
    "Message",
    "OptionValue",
    "Pings",
    "RecordedRequest",
    "Role",
    "User",
]
