"""Registers the commands with Discord when, and only when, they have changed."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from discord import app_commands

from bot.interactions.errors import DISCORD_FAILURES

_log = logging.getLogger(__name__)

# What discord.py 2.7.1 may send of a command, an option and a choice; Discord shows more, and may
# begin to show still more. `dm_permission` is left out, as `contexts` says the same.
_SENT = (
    frozenset({"type", "name", "description", "options", "nsfw", "default_member_permissions"})
    | {"contexts", "integration_types", "required", "autocomplete", "channel_types", "choices"}
    | {"value", "min_value", "max_value", "min_length", "max_length"}
)


async def register(tree: app_commands.CommandTree[Any], expected: frozenset[str]) -> None:
    """Register the tree's commands unless Discord has the same already.

    `expected` names the commands that must be in the tree. Registering deletes every command that
    is not in it, with its permission overrides (Discord API docs, Application Commands), so a
    partial tree is never registered. Failures are logged, not raised, as the commands registered
    before keep working.
    """
    names = {command.name for command in tree.get_commands()}
    if not names or not expected <= names:
        _log.error("commands not registered: %s missing", ", ".join(expected - names) or "all")
        return
    try:
        # The objects of `fetch_commands` lose `contexts` and `integration_types` (discord.py 2.7).
        current = await tree.client.http.get_global_commands(tree.client.application_id or 0)
        if _shapes(current) == _shapes([command.to_dict(tree) for command in tree.get_commands()]):
            _log.info("commands are registered already: %s", ", ".join(sorted(names)))
            return
        await tree.sync()
    except DISCORD_FAILURES as error:
        _log.error("commands could not be registered, trying again at the next start: %s", error)
        return
    except Exception:
        _log.exception("commands could not be registered")
        return
    _log.info("commands registered: %s", ", ".join(sorted(names)))


def _shapes(commands: Iterable[Any]) -> list[Any]:
    shapes = map(_shape, commands)
    return sorted(shapes, key=lambda command: (command["type"], command["name"]))


def _shape(value: Any) -> Any:
    """Return what we send of a payload, without empty values and defaults, recursively."""
    if isinstance(value, dict):
        return {
            # Permissions may be sent as a number, and come back as text.
            key: str(item) if key == "default_member_permissions" else _shape(item)
            for key, item in value.items()
            if key in _SENT and (item or (item == 0 and item is not False))
        }
    if isinstance(value, list):
        shapes = [_shape(item) for item in value]
        return sorted(shapes) if all(isinstance(shape, int) for shape in shapes) else shapes
    return value
