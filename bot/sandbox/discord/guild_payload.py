"""What Discord tells clients of a guild."""

from bot.sandbox.discord.errors import JSON
from bot.sandbox.discord.guild import Guild

# The fields that are the same for every guild of the simulator.
_CONSTANT: JSON = {
    "icon": None,
    "splash": None,
    "discovery_splash": None,
    "region": "deprecated",
    "afk_channel_id": None,
    "afk_timeout": 300,
    "verification_level": 0,
    "default_message_notifications": 1,
    "explicit_content_filter": 0,
    "emojis": [],
    "stickers": [],
    "features": [],
    "mfa_level": 0,
    "nsfw": False,
    "nsfw_level": 0,
    "application_id": None,
    "system_channel_id": None,
    "system_channel_flags": 0,
    "rules_channel_id": None,
    "public_updates_channel_id": None,
    "safety_alerts_channel_id": None,
    "max_members": 500_000,
    "vanity_url_code": None,
    "description": None,
    "banner": None,
    "premium_tier": 0,
    "premium_subscription_count": 0,
    "premium_progress_bar_enabled": False,
}


def guild_object(guild: Guild) -> JSON:
    """Return the guild object (Discord API docs, Guild Resource, "Guild Object")."""
    return _CONSTANT | {
        "id": str(guild.id),
        "name": guild.name,
        "owner_id": str(guild.owner.id),
        "roles": [role.payload() for role in guild.roles.values()],
        "preferred_locale": guild.locale,
    }


def guild_created(guild: Guild) -> JSON:
    """Return the GUILD_CREATE event (Discord API docs, Gateway Events, "Guild Create").

    Without the privileged GUILD_MEMBERS intent `members` holds only the bot itself.
    """
    channels = guild.channels.values()
    return guild_object(guild) | {
        "joined_at": guild.me.joined_at,
        "large": False,
        "unavailable": False,
        "member_count": len(guild.members),
        "members": [guild.me.payload()],
        "channels": [each.payload() for each in channels if not each.parent],
        "threads": [each.payload() for each in channels if each.parent and not each.archived],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def own_guild(guild: Guild) -> JSON:
    """Return the partial guild object that its members get in their own list of guilds."""
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "banner": None,
        "owner": False,
        "permissions": str(guild.base_permissions),
        "features": [],
    }
