"""What the rest of Callnote calls to reach one community's CAD."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from bot.sonoran import units, v2
from bot.sonoran.access import Access
from bot.sonoran.errors import CredentialsError, NoEffectError, Reason, RefusedError
from bot.sonoran.listings import read_calls, read_servers
from bot.sonoran.models import (
    OPEN_ALONE,
    ApiVersion,
    CallList,
    CallNote,
    ClosedCalls,
    CommunityInfo,
    Credentials,
    ServerList,
    VersionSign,
)
from bot.sonoran.transport import Transport
from bot.sonoran.wire import Wire
from bot.timing import Timing, set_within


class SonoranClient:
    """One community's CAD, whichever API version it speaks.

    Every method but the properties raises a `SonoranError`. The reads change nothing in the CAD;
    they raise the errors of `add_call_note`, `OutcomeUnknownError` where the reply is unusable.
    Limits per key and minute, shared with everybody who uses the key (v2 pages): notes 60, call
    lists 5, the other reads 10 each.

    `transport` is borrowed and may be shared by the clients of several communities. Without
    `credentials` every method raises `NoEffectError` with NO_CREDENTIALS, and nothing is sent.
    `version` is the API version to use, None to find out.
    """

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials | None,
        *,
        version: ApiVersion | None = None,
        timing: Timing = Timing(),
    ) -> None:
        self._transport = transport
        self._given = version
        self._timing = timing
        self._open_alone = True
        self.renewals = 0  # how often the credentials were renewed
        self._renewed = asyncio.Event()
        self._access = self._access_with(credentials)

    def _access_with(self, credentials: Credentials | None) -> Access | None:
        if credentials is None:
            return None
        return Access(self._transport, credentials, self._given, self._timing)

    @property
    def credentials(self) -> Credentials | None:
        """The credentials in use."""
        return None if self._access is None else self._access.credentials

    def renew(self, credentials: Credentials | None) -> None:
        """Use other credentials from now on, and forget what was learnt about those before.

        A request that is under way goes on with its own, and says nothing about the new ones.
        """
        if credentials != self.credentials:
            self._access = self._access_with(credentials)
            self.renewals += 1
            self._renewed.set()
            self._renewed = asyncio.Event()

    async def renewed_within(self, seconds: float) -> None:
        """Wait until the credentials are renewed, at most that long."""
        await set_within(self._renewed, seconds)

    async def add_call_note(
        self, note: CallNote, *, check: Callable[[], None] | None = None
    ) -> str:
        """Add a note to a dispatch call, once; nothing is ever sent a second time.

        `check` is called right before; if it raises, nothing is sent.

        Returns what the CAD said, or the same in version 1's words (`added_text`). Raises a
        `SonoranError`: `RefusedError` when the CAD said no, `CredentialsError` when it turned the
        key, community or plan down (once `probe` has confirmed it, for one to fifteen minutes from
        memory, with nothing sent), `RateLimitedError`, `NoEffectError`, or `OutcomeUnknownError`
        when the note may have been added.
        """
        access, wire = await self._ready()
        request = wire.add_call_note(access.credentials, note)
        read = partial(wire.read_added_note, note=note)
        return await access.exchange(wire, request, read, about_notes=True, check=check)

    async def get_calls(self, server_id: int, closed: ClosedCalls = OPEN_ALONE) -> CallList:
        """Return the dispatch calls of a CAD server: the open ones, and the `closed` asked for.

        No source says that `closedLimit` may be 0, so a CAD that refuses it is asked for one closed
        call.
        """
        if closed.count == 0 and not self._open_alone:
            closed = ClosedCalls(1)
        try:
            return await self._get_calls(server_id, closed)
        except RefusedError as error:
            if error.status != 400 or closed.count or isinstance(error, CredentialsError):
                raise
        found = await self._get_calls(server_id, ClosedCalls(1))
        self._open_alone = False
        return found

    async def _get_calls(self, server_id: int, closed: ClosedCalls) -> CallList:
        access, wire = await self._ready()
        request = wire.get_calls(access.credentials, server_id, closed)
        read = partial(read_calls, server_id=server_id)
        # Which may take long, so no note waits for it.
        return await access.exchange(wire, request, read, leads=False)

    async def get_servers(self) -> ServerList:
        """Return the community's servers."""
        access, wire = await self._ready()
        return await access.exchange(wire, wire.get_servers(access.credentials), read_servers)

    async def get_plan(self) -> str:
        """Return the name of the community's plan, such as PLUS, or `plan 5` for an unknown one."""
        access, wire = await self._ready()
        request = wire.get_version(access.credentials)
        return await access.exchange(wire, request, wire.read_plan, cheapest=True)

    async def get_community(self) -> CommunityInfo | None:
        """Return the community's id, name and time zone.

        Version 1 tells none of them: there it is the id in use, at once, None without one.
        """
        access, wire = await self._ready()
        if wire is not v2:
            known = access.credentials.community_id
            return CommunityInfo(known, known) if known else None
        return await access.exchange(v2, v2.get_info(access.credentials), v2.read_community)

    async def get_unit_number(self, discord_id: int) -> str | None:
        """Return the number of the unit that a member has selected, None without one.

        Two reads, which are of version 2 alone: on version 1 it is None at once. Raises
        `RefusedError` for a member who has not linked Discord.
        """
        access, wire = await self._ready()
        if wire is not v2:
            return None
        request = units.get_account(access.credentials, discord_id)
        account = await access.exchange(v2, request, units.read_account, leads=False)
        request = units.get_identifiers(access.credentials, account)
        return await access.exchange(v2, request, units.read_unit_number, leads=False)

    async def probe(self) -> None:
        """Return when the CAD answers and takes the credentials.

        Sends the cheapest read, also within the 30 seconds in which a note would not ask for the
        version again: the caller spaces its probes. It confirms what a note met, a refusal of the
        plan by the plan's name. A confirmed refusal is raised with nothing sent, like everywhere.
        """
        await self._checked().probe()

    @property
    def api_version(self) -> ApiVersion | None:
        """The API version in use; None while it is not known."""
        return self._given if self._access is None else self._access.version.settled

    @property
    def api_version_reason(self) -> tuple[VersionSign, int] | None:
        """By what it is known, with the status of the answer; None while it is not known."""
        return None if self._access is None else self._access.version.reason

    @property
    def refusal(self) -> CredentialsError | None:
        """The confirmed refusal of the credentials while it stands, None while there is none."""
        return None if self._access is None else self._access.memory.refusal

    def _checked(self) -> Access:
        if self._access is None:
            raise NoEffectError(Reason.NO_CREDENTIALS)
        return self._access

    async def _ready(self) -> tuple[Access, Wire]:
        """Return what requests are made with, once the credentials may be used."""
        access = self._checked()
        return access, await access.wire()
