"""The people, roles and channels that an interaction names, in full.

Source: Discord API docs, Receiving and Responding to Interactions, "Resolved Data Structure".
"""

from collections.abc import Iterable
from enum import Enum

from bot.sandbox.discord.errors import JSON
from bot.sandbox.discord.guild import Channel, Guild, Member
from bot.sandbox.discord.model import Role, User

Entity = Member | User | Role | Channel
"""What an option or a select can name; over the wire it is its id as text."""


class Kind(Enum):
    """What the ids of an option or a select stand for."""

    USER = "users"
    CHANNEL = "channels"
    ROLE = "roles"


def find(kind: Kind, entity_id: str, guild: Guild) -> Entity | None:
    """Return what an id stands for in a guild, None if there is no such thing there."""
    if not entity_id.isdecimal():
        return None
    number = int(entity_id)
    if kind is Kind.CHANNEL:
        return guild.channels.get(number)
    return guild.roles.get(number) if kind is Kind.ROLE else guild.members.get(number)


def resolve(named: Iterable[tuple[Kind, str]], guild: Guild | None, person: Member | User) -> JSON:
    """Return the `resolved` object for the named ids; what does not exist is left out.

    `person` uses the command or select: channels carry what that person may do in them.
    """
    resolved: JSON = {}
    if guild is None:
        return resolved
    for kind, entity_id in named:
        entity = find(kind, entity_id, guild)
        if isinstance(entity, Role):
            resolved.setdefault("roles", {})[entity_id] = entity.payload()
        elif isinstance(entity, Channel):
            permissions = person.resolved_permissions if isinstance(person, Member) else 0
            channel = entity.partial_payload() | {"permissions": str(permissions)}
            resolved.setdefault("channels", {})[entity_id] = channel
        elif isinstance(entity, Member):
            # A member comes with its user, and without what only voice channels know of it.
            member = entity.payload(with_user=False)
            partial = {k: v for k, v in member.items() if k not in {"deaf", "mute"}}
            resolved.setdefault("users", {})[entity_id] = entity.user.payload()
            resolved.setdefault("members", {})[entity_id] = partial
    return resolved
