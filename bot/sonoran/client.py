"""What the rest of Callnote calls to reach one community's CAD."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeVar

from bot.sonoran import plans, units, v1, v2
from bot.sonoran.credentials_memory import CredentialsMemory
from bot.sonoran.errors import CredentialsError, NoEffectError, Reason, RefusedError, SonoranError
from bot.sonoran.listings import read_calls, read_servers
from bot.sonoran.models import (
    OPEN_ALONE,
    AddedNote,
    ApiVersion,
    CadServer,
    CallList,
    CallNote,
    ClosedCalls,
    Credentials,
    VersionSign,
)
from bot.sonoran.transport import Transport
from bot.sonoran.version_choice import VersionChoice
from bot.sonoran.wire import LONG_REPLY, Reply, Request, Wire
from bot.timing import Timing, loop_time

_Read = TypeVar("_Read")

_WIRES: Final[Mapping[ApiVersion, Wire]] = {ApiVersion.V1: v1, ApiVersion.V2: v2}


class SonoranClient:
    """One community's CAD, whichever API version it speaks.

    Every method but the properties raises a `SonoranError`. The reads change nothing in the CAD;
    they raise the errors of `add_call_note`, `OutcomeUnknownError` where the reply is unusable.
    Limits per key and minute, shared with everybody who uses the key (v2 pages): notes 60, call
    lists 5, the other reads 10 each.

    `transport` is borrowed and may be shared by the clients of several communities. `version` is
    the API version to use, None to find out. `clock` gives seconds that only ever grow.
    """

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        *,
        version: ApiVersion | None = None,
        clock: Callable[[], float] = loop_time,
        timing: Timing = Timing(),
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._memory = CredentialsMemory(clock, timing)
        self._open_alone = True
        self._version = VersionChoice(
            transport, credentials, given=version, accepted=self._memory.accepted, clock=clock
        )

    async def add_call_note(self, note: CallNote) -> AddedNote:
        """Add a note to a dispatch call, once; nothing is ever sent a second time.

        Returns the CAD's word that it was added. Raises a `SonoranError`: `RefusedError` when the
        CAD said no, `CredentialsError` when it turned the key, community or plan down (once `probe`
        has confirmed it, for one to fifteen minutes from memory, with nothing sent),
        `RateLimitedError`, `NoEffectError`, or `OutcomeUnknownError` when the note may have been
        added.
        """
        wire = await self._wire()
        request = wire.add_call_note(self._credentials, note)
        return await self._exchange(
            wire, request, lambda reply: wire.read_added_note(reply, note), about_notes=True
        )

    async def get_calls(self, server_id: int, closed: ClosedCalls = OPEN_ALONE) -> CallList:
        """Return the dispatch calls of a CAD server: the open ones, and the `closed` asked for.

        No source says that none may be asked for, so a CAD that refuses that is asked for one.
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
        wire = await self._wire()
        request = wire.get_calls(self._credentials, server_id, closed)
        read = partial(read_calls, server_id=server_id)
        # Which may take long, so no note waits for it.
        return await self._exchange(wire, request, read, leads=False)

    async def get_servers(self) -> tuple[CadServer, ...]:
        """Return the community's servers."""
        wire = await self._wire()
        return await self._exchange(wire, wire.get_servers(self._credentials), read_servers)

    async def get_plan(self) -> str:
        """Return the name of the community's plan, such as PLUS, or `plan 5` for an unknown one."""
        wire = await self._wire()
        return await self._exchange(
            wire, wire.get_version(self._credentials), wire.read_plan, cheapest=True
        )

    async def get_community(self) -> str | None:
        """Return the community's name, or its id on version 1 at once; None without an id."""
        await self._wire()
        if self.api_version is not ApiVersion.V2:
            return self._credentials.community_id or None
        return await self._exchange(v2, v2.get_info(self._credentials), v2.read_community)

    async def get_unit_number(self, discord_id: int) -> str | None:
        """Return the number of the unit that a member has selected, None without one.

        Two reads, which are of version 2 alone: on version 1 it is None at once. Raises
        `RefusedError` for a member who has not linked Discord.
        """
        await self._wire()
        if self.api_version is not ApiVersion.V2:
            return None
        request = units.get_account(self._credentials, discord_id)
        account = await self._exchange(v2, request, units.read_account, leads=False)
        request = units.get_identifiers(self._credentials, account)
        return await self._exchange(v2, request, units.read_unit_number, leads=False)

    async def probe(self) -> None:
        """Return when the CAD answers and takes the credentials.

        Sends the cheapest read, also within the 30 seconds in which a note would not ask for the
        version again: the caller spaces its probes. It confirms what a note met, a refusal of the
        plan by the plan's name. A confirmed refusal is raised with nothing sent, like everywhere.
        """
        met, span = self._memory.met_by_note, self._memory.span
        try:
            self._memory.check()
            if await self._version.ask_now() and met is None:
                return
        except SonoranError as error:
            self._learn(error, cheapest=True)
            raise
        plan = await self.get_plan()
        if met is not None and plans.lacks(plan, met.text):
            self._memory.confirm(met, span=span)
            raise met from None

    @property
    def api_version(self) -> ApiVersion | None:
        """The API version in use; None while it is not known."""
        return self._version.settled

    @property
    def api_version_reason(self) -> tuple[VersionSign, int] | None:
        """By what it is known, with the status of the answer; None while it is not known."""
        return self._version.reason

    @property
    def refusal(self) -> CredentialsError | None:
        """The confirmed refusal of the credentials while it stands, None while there is none."""
        return self._memory.refusal

    async def _wire(self) -> Wire:
        """Return the version's requests and replies, once the credentials may be used."""
        try:
            self._memory.check()
            return _WIRES[await self._version.get()]
        except SonoranError as error:
            self._learn(error, cheapest=True)  # the question for the version
            raise

    async def _exchange(
        self,
        wire: Wire,
        request: Request,
        read: Callable[[Reply], _Read],
        *,
        about_notes: bool = False,
        cheapest: bool = False,
        leads: bool = True,
    ) -> _Read:
        """Send a request once and read its reply."""
        async with self._memory.turn(about_notes=about_notes, leads=leads):
            try:
                reply = await self._transport.send(request)
                wire.raise_failure(reply)
                if len(reply.body) > LONG_REPLY:  # which takes a while to read
                    result = await asyncio.to_thread(read, reply)
                else:
                    result = read(reply)
            except SonoranError as error:
                self._learn(error, about_notes=about_notes, cheapest=cheapest)
                raise
            self._memory.accepted()
        return result

    def _learn(
        self, error: SonoranError, *, about_notes: bool = False, cheapest: bool = False
    ) -> None:
        """Draw from an error what it says about the credentials and the version in use.

        Of the reads only the `cheapest` tells of credentials, as each community may make it.
        """
        match error:
            case CredentialsError(remembered=True):
                return
            case CredentialsError() if about_notes:
                self._memory.refused_to_note(error)
            case CredentialsError() if cheapest:
                self._memory.refused_to_read(error)
            case CredentialsError():
                self._memory.undecided()
            case RefusedError(status=status) if status not in (401, 402, 403):
                self._memory.accepted()
            case _:
                self._memory.undecided()
        if isinstance(error, NoEffectError) and error.reason is Reason.WRONG_ADDRESS:
            self._version.doubt()
