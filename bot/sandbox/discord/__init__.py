"""A simulator of Discord that the real discord.py client connects to over loopback sockets.

It keeps the documented rules of the real service as far as a bot with slash commands,
components and plain messages meets them; every rule names its source beside the code. It knows
nothing of any particular bot.
"""

from bot.sandbox.discord.command_use import ActionRefusedError, OptionValue
from bot.sandbox.discord.errors import ApiError
from bot.sandbox.discord.faults import Fault
from bot.sandbox.discord.guild import Channel, Guild, Member
from bot.sandbox.discord.interaction import CallbackAttempt, Interaction, InteractionFailedError
from bot.sandbox.discord.mentions import Pings
from bot.sandbox.discord.message import Message
from bot.sandbox.discord.model import Role, User
from bot.sandbox.discord.rest import RecordedRequest
from bot.sandbox.discord.server import DiscordServer

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
