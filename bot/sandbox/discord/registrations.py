"""The registered application commands, global and by guild."""

from typing import Any

from bot.sandbox.discord.command_validation import check_command, check_commands
from bot.sandbox.discord.errors import JSON, FormErrors, unknown_command
from bot.sandbox.discord.registered_form import as_registered, without_localizations
from bot.sandbox.discord.snowflakes import Snowflakes

Scope = int | None
"""A guild's id, or None for the global commands."""


class Registrations:
    """Keeps commands by scope as Discord gives them back.

    Source: Discord API docs, Application Commands: names are unique for each type in a scope,
    the id stays with the name, `version` changes with every substantial change.
    """

    def __init__(self, application_id: int, snowflakes: Snowflakes) -> None:
        self._application_id = application_id
        self._snowflakes = snowflakes
        self._by_scope: dict[Scope, list[JSON]] = {}

    def get(self, scope: Scope) -> list[JSON]:
        """Return the commands of a scope."""
        return self._by_scope.setdefault(scope, [])

    def shown(self, scope: Scope, *, with_localizations: bool) -> list[JSON]:
        """Return the commands as the GET route lists them."""
        commands = self.get(scope)
        return commands if with_localizations else [without_localizations(c) for c in commands]

    def replace(self, scope: Scope, commands: Any) -> list[JSON]:
        """Put these commands in place of all others of every type, and return them.

        Raises `ApiError` 400 for commands that break a rule; then nothing changes.
        """
        checked = check_commands(commands)
        self._by_scope[scope] = [self._registered(scope, command) for command in checked]
        return self.get(scope)

    def upsert(self, scope: Scope, command: Any) -> tuple[JSON, bool]:
        """Add one command, or replace the one of its name; return it and whether it is new."""
        errors = FormErrors()
        check_command(command, errors, ())
        errors.raise_if_any()
        registered = self._registered(scope, command)
        others = [known for known in self.get(scope) if known["id"] != registered["id"]]
        is_new = len(others) == len(self.get(scope))
        self._by_scope[scope] = [*others, registered]
        return registered, is_new

    def remove(self, scope: Scope, command_id: int) -> None:
        """Remove one command; raises `ApiError` 404/10063 if it is not there."""
        others = [known for known in self.get(scope) if known["id"] != str(command_id)]
        if len(others) == len(self.get(scope)):
            raise unknown_command()
        self._by_scope[scope] = others

    def find(self, name: str, command_type: int, guild_id: int | None) -> JSON | None:
        """Return the command a person in the guild would use by this name."""
        for scope in (guild_id, None):
            for command in self.get(scope):
                if command["name"] == name and command["type"] == command_type:
                    return command
        return None

    def _registered(self, scope: Scope, command: JSON) -> JSON:
        previous = next(
            (
                known
                for known in self.get(scope)
                if known["name"] == command["name"] and known["type"] == command.get("type", 1)
            ),
            None,
        )
        new_id = self._snowflakes.next()
        command_id = int(previous["id"]) if previous else new_id
        version = int(previous["version"]) if previous else new_id
        registered = as_registered(command, command_id, version, self._application_id, scope)
        if previous is not None and registered != previous:
            registered["version"] = str(new_id)
        return registered
