"""The composition root: the one place where the parts of Callnote meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import aiohttp

from bot.app.database_supervisor import DatabaseSupervisor
from bot.app.logging import ENTERED
from bot.calls import card_texts
from bot.calls.card_store import CardStore
from bot.calls.guild_calls import GuildCalls
from bot.calls.kept_cards import KeptCards
from bot.calls.live_calls import LiveCalls
from bot.calls.schema import call_cards
from bot.communities import texts as connection_texts
from bot.communities.connection_changes import ConnectionChanges
from bot.communities.connections import Connections
from bot.communities.departures import Departures
from bot.communities.registry import Communities
from bot.communities.trial import Trial
from bot.config import Config
from bot.health.probe import CadProbe
from bot.health.status import StatusReport
from bot.interactions import texts as interaction_texts
from bot.interactions.discord_answers import RouteDelays
from bot.interactions.texts import Catalogue
from bot.notes import texts as note_texts
from bot.notes.composer import NoteComposer
from bot.notes.log_channel import LogChannel
from bot.notes.service import NoteService
from bot.notes.status_updater import StatusUpdater
from bot.notes.time_zone import TimeZones
from bot.notes.unit_numbers import NoteLabels
from bot.observer import Observer
from bot.outbox import NoteRecord, OutboxWorker, WaitingNotes
from bot.settings import texts as setting_texts
from bot.settings.cache import SettingsCache
from bot.settings.cad_servers import CadServers
from bot.settings.dispatcher_roles import DispatcherRoles
from bot.settings.dispatchers import Dispatchers
from bot.settings.repository import SettingsRepository
from bot.sonoran import Credentials, SonoranClient, Transport
from bot.storage import Database
from bot.storage.tables import metadata
from bot.timing import Timing

if TYPE_CHECKING:
    from bot.communities.sealing import Sealer

TEXTS: Catalogue = (
    interaction_texts.TEXTS
    | connection_texts.TEXTS
    | setting_texts.TEXTS
    | card_texts.TEXTS
    | note_texts.TEXTS
)
"""The texts of all features for refusals."""


class Services:
    """Everything that outlives a connection to Discord, made from the configuration.

    Nothing is opened or started. `session` is borrowed for requests to the CADs. `observer` is told
    of what happens.
    """

    def __init__(
        self,
        config: Config,
        session: aiohttp.ClientSession,
        *,
        observer: Observer = Observer(),
        timing: Timing,
    ) -> None:
        self.timing = timing
        self.shards = config.shards
        self.observer = observer
        self.database = Database(
            config.database,
            tables=metadata,  # those of all parts, which are loaded above
            seconds=timing.transaction,
            observer=observer,
        )
        transport = Transport(session, config.sonoran_api_url, observer=observer)

        def new_client(credentials: Credentials | None) -> SonoranClient:
            return SonoranClient(transport, credentials, version=config.api_version, timing=timing)

        self.communities = Communities(
            self.database,
            _sealer(config.credentials_keys),
            host=config.credentials,
            new_client=new_client,
            keep_secret=ENTERED.add,
            timing=timing,
        )
        self.trial = Trial(self.communities, new_client, redacted=ENTERED.redacted, timing=timing)
        setting_store = SettingsRepository(self.database)
        self.settings = SettingsCache(
            setting_store,
            default_roles=config.dispatcher_role_ids,
            default_server=config.server_id,
            refreshing=self.communities.refresh,
            timing=timing,
        )
        self.supervisor = DatabaseSupervisor(
            self.database,
            self.settings,
            config.wiped_by,
            lambda: self.notes.outbox.storage_trouble,
            timing=timing,
        )
        self.connections = Connections(
            self.settings,
            self.communities,
            guild_ids=config.guild_ids,
            role_ids=config.dispatcher_role_ids,
            shards=config.shards,
            timing=timing,
        )
        self.connection_changes = ConnectionChanges(self.settings, self.communities)
        self.departures = Departures(
            self.database, self.settings, self.connections.in_guild, (call_cards,)
        )
        self.dispatchers = Dispatchers(self.settings)
        self.dispatcher_roles = DispatcherRoles(self.settings)
        self.cad_servers = CadServers(
            self.settings,
            self.connections.community_of,
            self.communities.client,
            timing,
        )
        self.live_calls = LiveCalls(
            self.communities.client,
            lambda community: self.notes.outbox.read_slots(community),
            timing,
        )
        self.guild_calls = GuildCalls(
            self.live_calls,
            self.settings,
            self.dispatchers,
            self.connections.community_of,
            lambda guild_id, limit: self.notes.outbox.history.latest(guild_id, limit=limit),
            timing,
        )
        delays = RouteDelays()
        self.log_channel = LogChannel(self.settings, delays, timing)
        time_zones = TimeZones(self.communities.client, config.time_zone, timing)
        self.composer = NoteComposer(time_zones.of, timing)
        self.note_labels = NoteLabels(
            self.settings,
            self.connections.community_of,
            self.communities.client,
            timing=timing,
        )

        def waiting_notes(record: NoteRecord) -> WaitingNotes:
            return self.connections.waiting_notes(record.guild_id, record.community)

        outbox = OutboxWorker(
            self.database,
            self.communities.client,
            limits=config.limits,
            history_days=config.history_days,
            changed=lambda record: self.notes.messages.changed(record),
            waiting_notes=waiting_notes,
            calls_read=self.live_calls.seen,
            purges=(setting_store.purge, self.departures.purge),
            observer=observer,
            timing=timing,
        )
        messages = StatusUpdater(
            outbox,
            self.log_channel.post,
            self.composer,
            self.live_calls,
            lambda record: waiting_notes(record) is WaitingNotes.SEND,
            delays=delays,
            timing=timing,
        )
        self.notes = NoteService(outbox, messages, timing)
        self.kept_cards = KeptCards(
            self.notes.outbox,
            CardStore(self.database, self.notes.outbox.owner, timing),
            self.live_calls,
            self.settings,
            self.connections.waiting_notes,
            delays=delays,
            per_guild=config.call_cards_per_guild,
            timing=timing,
        )
        self.cad_probe = CadProbe(
            self.communities.client, self.cad_servers.of_community, timing=timing
        )
        self.status = StatusReport(
            self.cad_probe,
            self.notes.outbox,
            self.settings,
            self.connections,
            self.dispatcher_roles,
            self.log_channel,
            database_line=self.supervisor.health_line,
        )


def _sealer(keys: Sequence[str]) -> Sealer | None:
    if not keys:
        return None
    from bot.communities.sealing import Sealer  # costs memory that a bot without keys does without

    return Sealer(keys)
