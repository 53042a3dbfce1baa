"""The `/callnote` command."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.app.client import CallnoteBot
from bot.calls.guild_calls import MOST_CHOICES, GuildCalls
from bot.calls.texts import CHOICE_LIMIT, cut
from bot.interactions import audit_log
from bot.interactions.errors import Refusal
from bot.interactions.markdown import one_line
from bot.notes.parsing import NOTE_LIMIT, parse_call_number, parse_note
from bot.notes.problems import NoteProblem
from bot.notes.submit import NoteSubmitter
from bot.notes.unit_numbers import NoteLabels
from bot.settings.cache import SettingsCache
from bot.settings.cad_servers import CadServers
from bot.settings.dispatchers import Dispatchers
from bot.sonoran import CallNote


class CallNotes(commands.Cog):
    """Adds notes to dispatch calls."""

    def __init__(
        self,
        dispatchers: Dispatchers,
        settings: SettingsCache,
        submitter: NoteSubmitter,
        calls: GuildCalls,
        labels: NoteLabels,
        servers: CadServers,
    ) -> None:
        self._dispatchers = dispatchers
        self._settings = settings
        self._submitter = submitter
        self._calls = calls
        self._labels = labels
        self._servers = servers

    @app_commands.command(description="Add a note to a dispatch call in Sonoran CAD.")
    @app_commands.describe(
        call="The call's number in Sonoran CAD, such as 123, or words to find it by",
        note="What to add to the call; everyone working it can read it",
        server="The CAD server, where a community has several; else the usual one",
    )
    async def callnote(
        self,
        interaction: discord.Interaction,
        call: app_commands.Range[str, 1, 100],
        note: app_commands.Range[str, 1, NOTE_LIMIT],
        server: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        """Add a note to a dispatch call in Sonoran CAD."""
        member = self._dispatchers.admit(interaction)
        call_id = parse_call_number(call)
        audit_log.about_call(interaction, call_id)
        community = self._submitter.community_of(member.guild.id)  # whatever is connected meanwhile
        as_typed = CallNote(
            server_id=await self._server_id(member.guild.id, server),
            call_id=call_id,
            text=parse_note(note),
            label=await self._labels.of(member),
        )
        await self._submitter.submit(interaction, member, as_typed, community=community)

    @callnote.autocomplete("call")
    async def suggest_calls(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest live calls, those of another CAD server if one was typed before."""
        try:
            member = self._dispatchers.admit(interaction)
            self._labels.prepare(member)
            server = getattr(interaction.namespace, "server", None) or None
            server_id = await self._server_id(member.guild.id, server)
        except Refusal:  # also of a server's name that is in no list: its calls are not known
            return []
        return await self._calls.suggest(interaction, typed, server_id)

    @callnote.autocomplete("server")
    async def suggest_servers(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest the CAD's servers to dispatchers, if there are several."""
        try:
            member = self._dispatchers.admit(interaction)
        except Refusal:
            return []
        return [
            app_commands.Choice(
                name=cut(f"#{each.server_id} · {one_line(each.name)}", CHOICE_LIMIT),
                value=str(each.server_id),
            )
            for each in (await self._servers.matching(member.guild.id, typed))[:MOST_CHOICES]
        ]

    async def _server_id(self, guild_id: int, typed: str | None) -> int:
        """Return the number of the CAD server that was typed, else the guild's."""
        if typed is None:
            return self._settings.server_id(guild_id)
        server = await self._servers.named(guild_id, typed)
        if server is None:
            raise Refusal(NoteProblem.UNKNOWN_SERVER, typed=typed)
        return server.server_id


async def setup(bot: CallnoteBot) -> None:
    """Add the cog to the bot."""
    services = bot.services
    await bot.add_cog(
        CallNotes(
            services.dispatchers,
            services.settings,
            bot.submitter,
            services.guild_calls,
            services.note_labels,
            services.cad_servers,
        )
    )
