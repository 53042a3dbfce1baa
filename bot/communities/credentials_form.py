"""The form with which an administrator connects a guild to a CAD of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord

from bot.communities import texts
from bot.communities.connection_changes import ConnectionChanges
from bot.communities.connections import Connections
from bot.communities.problems import CredentialsProblem
from bot.communities.registry import Communities
from bot.communities.trial import Trial
from bot.interactions import audit_log
from bot.interactions.administrators import admit_administrator
from bot.interactions.components import SECRET_FORM, field_values, stopped
from bot.interactions.errors import Refusal
from bot.interactions.handler import InteractionHandler

FORM_ID = f"{SECRET_FORM}credentials"
"""The custom id of the only form that works in a guild that is not connected."""

_COMMUNITY_ID, _API_KEY = "community-id", "api-key"
_LONGEST = 200  # characters of a key or id; ours, the CAD documents none

_Interaction = discord.Interaction[Any]


@dataclass(eq=False, repr=False, slots=True)
class CredentialsForm:
    """Shows the form, and stores what is submitted once the CAD has taken it."""

    handler: InteractionHandler
    connections: Connections
    changes: ConnectionChanges
    communities: Communities
    trial: Trial

    async def show(self, interaction: _Interaction) -> None:
        """Show the form as the first response; refuses like `_admit`."""
        self._admit(interaction)
        await self.handler.show_form(interaction, _form())
        audit_log.outcome(interaction, "form shown")

    async def submitted(self, interaction: _Interaction) -> bool:
        """Handle a submitted form if it is this one, also one that an earlier process showed.

        Returns whether it is.
        """
        data: Mapping[str, object] = interaction.data or {}
        if data.get("custom_id") != FORM_ID:
            return False
        audit_log.about_settings(interaction)
        await self.handler.run(interaction, lambda: self._submit(interaction))
        return True

    async def _submit(self, interaction: _Interaction) -> None:
        guild = self._admit(interaction)
        await self.handler.acknowledge(interaction, private=True)
        values = field_values(interaction.data or {})
        entered = values.get(_COMMUNITY_ID, ""), values.get(_API_KEY, "")
        found = await self.trial.find(guild.id, *entered)
        again = self.communities.of_guild(guild.id) == found.community
        await self.changes.connect_to(guild.id, interaction.user.id, found)
        await self.handler.respond(interaction, texts.connected_to_own(found.name, again=again))
        audit_log.outcome(interaction, "server connected with an API key")

    def _admit(self, interaction: _Interaction) -> discord.Guild:
        """Return the guild that an administrator may connect.

        Refuses with NOT_OFFERED without a CREDENTIALS_KEY, like `admit_administrator`, and like
        `Connections.check_known`.
        """
        guild = admit_administrator(interaction)
        if not self.communities.accepts_new:
            raise Refusal(CredentialsProblem.NOT_OFFERED)
        self.connections.check_known(self.connections.of(guild, interaction.user))
        return guild


def _form() -> discord.ui.Modal:
    form = discord.ui.Modal(title=texts.FORM_TITLE, custom_id=FORM_ID)
    for custom_id, text, help_text, required in (
        (_API_KEY, texts.API_KEY, texts.API_KEY_HELP, True),
        (_COMMUNITY_ID, texts.COMMUNITY_ID, texts.COMMUNITY_ID_HELP, False),
    ):
        field = discord.ui.TextInput[discord.ui.Modal](
            custom_id=custom_id, required=required, max_length=_LONGEST
        )
        form.add_item(discord.ui.Label(text=text, description=help_text, component=field))
    return stopped(form)
