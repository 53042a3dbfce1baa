"""Permission bits and how Discord resolves them.

Source: Discord API docs, Permissions ("Bitwise Permission Flags", "Permission Hierarchy",
"Permission Overwrites").
"""

from bot.sandbox.discord.errors import JSON

ADMINISTRATOR = 1 << 3
MANAGE_GUILD = 1 << 5
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
CONNECT = 1 << 20
USE_APPLICATION_COMMANDS = 1 << 31
SEND_MESSAGES_IN_THREADS = 1 << 38

ALL_PERMISSIONS = ((1 << 53) - 1) & ~(1 << 47)
"""Every flag of the list: bits 0 to 52, of which 47 has no meaning."""

ORDINARY_PERMISSIONS = (
    VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | USE_APPLICATION_COMMANDS
    | SEND_MESSAGES_IN_THREADS
)
"""What a member without any special role may usually do."""

_MEMBER_OVERWRITE = 1


def resolved(permissions: int) -> int:
    """Return the bits that count: an administrator has every permission in every channel."""
    return ALL_PERMISSIONS if permissions & ADMINISTRATOR else permissions


def member_overwrites(user_id: int, base: int, wanted: int) -> list[JSON]:
    """Return the overwrites of a channel that turn a member's `base` permissions into `wanted`.

    That is one overwrite of the member's own, or none where nothing differs. Administrators
    pass every overwrite by, so a `base` with that bit cannot be narrowed.
    """
    base, wanted = resolved(base), resolved(wanted)
    if base == wanted:
        return []
    overwrite: JSON = {
        "id": str(user_id),
        "type": _MEMBER_OVERWRITE,
        "allow": str(wanted & ~base),
        "deny": str(base & ~wanted),
    }
    return [overwrite]
