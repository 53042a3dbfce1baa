"""What the rest of Callnote calls to reach one community's CAD."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from bot.sonoran import v1, v2
from bot.sonoran.credentials_memory import CredentialsMemory
from bot.sonoran.errors import CredentialsError, NoEffectError, Reason, RefusedError, SonoranError
from bot.sonoran.models import AddedNote, ApiVersion, CallNote, Credentials
from bot.sonoran.transport import Transport
from bot.sonoran.version_choice import VersionChoice
from bot.sonoran.wire import Wire

_WIRES: Final[Mapping[ApiVersion, Wire]] = {ApiVersion.V1: v1, ApiVersion.V2: v2}


class SonoranClient:
    """One community's CAD, whichever API version it speaks.

    `transport` is borrowed and may be shared by the clients of several communities. `version` is
    the API version to use, None to find out. `clock` gives seconds that only ever grow.
    """

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        *,
        version: ApiVersion | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._memory = CredentialsMemory(clock)
        self._version = VersionChoice(
            transport, credentials, given=version, accepted=self._memory.accepted, clock=clock
        )

    async def add_call_note(self, note: CallNote) -> AddedNote:
        """Add a note to a dispatch call, once; nothing is ever sent a second time.

        Returns the CAD's word that it was added. Raises a `SonoranError`: `RefusedError` when the
        CAD said no, `CredentialsError` when it turned the key, community or plan down (for one to
        fifteen minutes afterwards from memory, with nothing sent), `RateLimitedError`,
        `NoEffectError`, or `OutcomeUnknownError` when the note may have been added.
        """
        try:
            self._memory.check()
            wire = _WIRES[await self._version.get()]
        except SonoranError as error:
            self._learn(error)
            raise
        async with self._memory.turn():
            try:
                reply = await self._transport.send(wire.add_call_note(self._credentials, note))
                added = wire.read_added_note(reply, note)
            except SonoranError as error:
                self._learn(error)
                raise
            self._memory.accepted()
        return added

    def _learn(self, error: SonoranError) -> None:
        """Draw from an error what it says about the credentials and the version in use."""
        match error:
            case CredentialsError(remembered=True):
                return
            case CredentialsError():
                self._memory.refused(error)
            case RefusedError(status=status) if status not in (401, 402, 403):
                self._memory.accepted()
            case _:
                self._memory.undecided()
        if isinstance(error, NoEffectError) and error.reason is Reason.WRONG_ADDRESS:
            self._version.doubt()
