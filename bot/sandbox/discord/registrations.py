"""The registered application commands, which are global: the bot registers none for one guild."""

from typing import Any

from bot.sandbox.discord.command_validation import check_commands
from bot.sandbox.discord.errors import JSON
from bot.sandbox.discord.registered_form import as_registered, without_localizations
from bot.sandbox.discord.snowflakes import Snowflakes


class Registrations:
    """Keeps the commands as Discord gives them back.

    Source: Discord API docs, Application Commands: names are unique for each type, the id stays
    with the name, `version` changes with every substantial change.
    """

    def __init__(self, application_id: int, snowflakes: Snowflakes) -> None:
        self.all: list[JSON] = []
        self._application_id = application_id
        self._snowflakes = snowflakes

    def shown(self, *, with_localizations: bool) -> list[JSON]:
        """Return the commands as the GET route lists them."""
        return self.all if with_localizations else [without_localizations(c) for c in self.all]

    def replace(self, commands: Any) -> list[JSON]:
        """Put these commands in place of all others of every type, and return them.

        Raises `ApiError` 400 for commands that break a rule; then nothing changes.
        """
        self.all = [self._registered(command) for command in check_commands(commands)]
        return self.all

    def find(self, name: str, command_type: int) -> JSON | None:
        """Return the command of this name and type, None if there is none."""
        for command in self.all:
            if command["name"] == name and command["type"] == command_type:
                return command
        return None

    def _registered(self, command: JSON) -> JSON:
        previous = self.find(command["name"], command.get("type", 1))
        new_id = self._snowflakes.next()
        command_id = int(previous["id"]) if previous else new_id
        version = int(previous["version"]) if previous else new_id
        registered = as_registered(command, command_id, version, self._application_id)
        if previous is not None and registered != previous:
            registered["version"] = str(new_id)
        return registered
