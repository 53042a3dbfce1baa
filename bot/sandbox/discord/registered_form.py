"""The form in which registered application commands come back.

Source: Discord API docs, Application Commands; the fields also in discord/discord-api-spec.
"""

from copy import deepcopy

from bot.sandbox.discord.errors import JSON

_CHAT_INPUT = 1


def as_registered(command: JSON, command_id: int, version: int, application_id: int) -> JSON:
    """Return a command as Discord gives it back: with ids, version and its own defaults.

    `required` and `autocomplete` come back only when they are true, empty `options` not at all.
    """
    permissions = command.get("default_member_permissions")
    contexts = command.get("contexts")
    registered: JSON = {
        "id": str(command_id),
        "application_id": str(application_id),
        "version": str(version),
        "default_member_permissions": None if permissions is None else str(permissions),
        "type": command.get("type") or _CHAT_INPUT,
        "name": command["name"],
        "name_localizations": command.get("name_localizations") or None,
        "description": command.get("description") or "",
        "description_localizations": command.get("description_localizations") or None,
        "dm_permission": contexts is None or 1 in contexts,
        "contexts": None if contexts is None else sorted(contexts),
        "integration_types": sorted(command.get("integration_types") or [0]),
        "nsfw": bool(command.get("nsfw")),
    }
    if command.get("options"):
        registered["options"] = [_registered_option(option) for option in command["options"]]
    return registered


def without_localizations(registered: JSON) -> JSON:
    """Return a command as a GET without `with_localizations` shows it (same page)."""
    hidden = ("name_localizations", "description_localizations")
    shown = {key: deepcopy(value) for key, value in registered.items() if key not in hidden}
    if "options" in shown:
        shown["options"] = [without_localizations(option) for option in shown["options"]]
    return shown


def _registered_option(option: JSON) -> JSON:
    registered: JSON = {
        "type": option["type"],
        "name": option["name"],
        "name_localizations": option.get("name_localizations") or None,
        "description": option["description"],
        "description_localizations": option.get("description_localizations") or None,
    }
    for key in ("required", "autocomplete"):
        if option.get(key):
            registered[key] = True
    for key in ("min_length", "max_length", "min_value", "max_value"):
        if option.get(key) is not None:
            registered[key] = option[key]
    if option.get("channel_types"):
        registered["channel_types"] = list(option["channel_types"])
    if option.get("choices"):
        registered["choices"] = [
            {"name_localizations": None} | deepcopy(choice) for choice in option["choices"]
        ]
    if option.get("options"):
        registered["options"] = [_registered_option(inner) for inner in option["options"]]
    return registered
