"""The composition root: the one place where the parts of Callnote meet."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp

from bot.app.database_supervisor import DatabaseSupervisor
from bot.communities import texts as connection_texts
from bot.communities.connections import Connections
from bot.communities.departures import Departures
from bot.config import Config
from bot.health.probe import CadProbe
from bot.health.status import StatusReport
from bot.interactions import texts as interaction_texts
from bot.interactions.texts import Catalogue
from bot.notes import texts as note_texts
from bot.notes.composer import NoteComposer
from bot.notes.log_channel import LogChannel
from bot.notes.service import NoteService
from bot.settings import texts as setting_texts
from bot.settings.cache import SettingsCache
from bot.settings.cad_server_choice import CadServerChoice
from bot.settings.cad_server_list import CadServerList
from bot.settings.dispatcher_roles import DispatcherRoles
from bot.settings.dispatchers import Dispatchers
from bot.settings.repository import SettingsRepository
from bot.sonoran import SonoranClient, Transport
from bot.storage import Database
from bot.timing import Timing

TEXTS: Catalogue = (
    interaction_texts.TEXTS | connection_texts.TEXTS | setting_texts.TEXTS | note_texts.TEXTS
)
"""The texts of all features for refusals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that outlives a connection to Discord; made by `build`."""

    database: Database
    supervisor: DatabaseSupervisor
    cad: SonoranClient
    settings: SettingsCache
    connections: Connections
    departures: Departures
    dispatchers: Dispatchers
    dispatcher_roles: DispatcherRoles
    cad_server_choice: CadServerChoice
    log_channel: LogChannel
    composer: NoteComposer
    notes: NoteService
    cad_probe: CadProbe
    status: StatusReport
    timing: Timing


def build(
    config: Config,
    session: aiohttp.ClientSession,
    *,
    cad: SonoranClient | None = None,
    settings: SettingsCache | None = None,
    timing: Timing = Timing(),
) -> Services:
    """Make all parts from the configuration, without opening or starting anything.

    `session` is borrowed for requests to the CAD. `cad` and `settings` replace the configured ones.
    """
    database = Database(config.database, seconds=timing.transaction)
    setting_store = SettingsRepository(database)
    settings = settings or SettingsCache(
        setting_store,
        default_roles=config.dispatcher_role_ids,
        default_server=config.server_id,
        timing=timing,
    )
    cad = cad or SonoranClient(
        Transport(session, config.sonoran_api_url), config.credentials, version=config.api_version
    )
    supervisor = DatabaseSupervisor(database, settings, config.host, timing=timing)
    connections = Connections(
        settings, guild_ids=config.guild_ids, role_ids=config.dispatcher_role_ids, timing=timing
    )
    departures = Departures(database, settings, connections.in_guild)
    dispatcher_roles = DispatcherRoles(settings)
    cad_server_list = CadServerList(cad, timing=timing)
    log_channel = LogChannel(settings, timing)
    composer = NoteComposer(timing)
    notes = NoteService(
        database,
        cad,
        limits=config.limits,
        history_days=config.history_days,
        post_to_log_channel=log_channel.post,
        composer=composer,
        waiting_notes=connections.waiting_notes,
        purges=(setting_store.purge, departures.purge),
        timing=timing,
    )
    cad_probe = CadProbe(cad, cad_server_list, timing=timing)
    return Services(
        database=database,
        supervisor=supervisor,
        cad=cad,
        settings=settings,
        connections=connections,
        departures=departures,
        dispatchers=Dispatchers(settings),
        dispatcher_roles=dispatcher_roles,
        cad_server_choice=CadServerChoice(settings, cad_server_list),
        log_channel=log_channel,
        composer=composer,
        notes=notes,
        cad_probe=cad_probe,
        status=StatusReport(
            cad_probe,
            notes.outbox,
            settings,
            connections,
            dispatcher_roles,
            log_channel,
            database_health=lambda: supervisor.health,
        ),
        timing=timing,
    )
