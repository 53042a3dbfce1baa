"""What requests to one CAD are made with, and what is learnt from its replies about that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeVar

from bot.sonoran import plans, v1, v2
from bot.sonoran.credentials_memory import CredentialsMemory
from bot.sonoran.errors import (
    CredentialsError,
    NoEffectError,
    OutcomeUnknownError,
    Reason,
    RefusedError,
    SonoranError,
)
from bot.sonoran.exchange import LONG_REPLY, Reply, Request
from bot.sonoran.models import ApiVersion, Credentials
from bot.sonoran.transport import Transport
from bot.sonoran.version_choice import VersionChoice
from bot.sonoran.wire import Wire
from bot.timing import Timing

_Read = TypeVar("_Read")

_WIRES: Final[Mapping[ApiVersion, Wire]] = {ApiVersion.V1: v1, ApiVersion.V2: v2}


class Access:
    """One set of credentials, and what has been learnt with it.

    A request keeps the set that it began with. `given` is the API version to use, None to find out.
    Methods raise a `SonoranError`.
    """

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        given: ApiVersion | None,
        timing: Timing,
    ) -> None:
        self.credentials = credentials
        self.memory = CredentialsMemory(timing)
        self.version = VersionChoice(
            transport, credentials, given=given, accepted=self.memory.accepted
        )
        self._transport = transport

    async def wire(self) -> Wire:
        """Return the wire of the CAD's version, once the credentials may be used."""
        try:
            self.memory.check()
            return _WIRES[await self.version.get()]
        except SonoranError as error:
            self._learn(error, cheapest=True)  # the question for the version
            raise

    async def exchange(
        self,
        wire: Wire,
        request: Request,
        read: Callable[[Reply], _Read],
        *,
        about_notes: bool = False,
        cheapest: bool = False,
        leads: bool = True,
        check: Callable[[], None] | None = None,
    ) -> _Read:
        """Send a request once and read its reply.

        `leads` is as for `CredentialsMemory.turn`. `check` is called right before,
        once there is nothing left to wait for; if it raises, nothing is sent.
        """
        with await self.memory.turn(about_notes=about_notes, leads=leads):
            if check is not None:
                check()
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
            self.memory.accepted()
        return result

    async def probe(self) -> None:
        """Do as `SonoranClient.probe`."""
        memory = self.memory
        met, span = memory.met_by_note, memory.span
        try:
            memory.check()
            if await self.version.ask_now() and met is None:
                return
        except SonoranError as error:
            self._learn(error, cheapest=True)
            raise
        wire = await self.wire()
        request = wire.get_version(self.credentials)
        plan = await self.exchange(wire, request, partial(_plan_if_told, wire), cheapest=True)
        if met is not None and plan is not None and plans.lacks(plan, met.text):
            memory.confirm(met, span=span)
            raise met from None

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
                self.memory.refused_to_note(error)
            case CredentialsError() if cheapest:
                self.memory.refused_to_read(error)
            case CredentialsError():
                self.memory.undecided()
            case RefusedError(status=status) if status not in (401, 402, 403):
                self.memory.accepted()
            case _:
                self.memory.undecided()
        if isinstance(error, NoEffectError) and error.reason is Reason.WRONG_ADDRESS:
            self.version.doubt()


def _plan_if_told(wire: Wire, reply: Reply) -> str | None:
    """Return the plan's name, None where a success tells it in another way, as it may some day.

    Raises `OutcomeUnknownError` for what is no answer of the CAD's.
    """
    try:
        return wire.read_plan(reply)
    except OutcomeUnknownError:
        if reply.is_html or not reply.complete or not reply.body.strip():
            raise
        return None
