"""What Callnote itself refuses before anything reaches the CAD."""

from __future__ import annotations

from discord import app_commands


class Refusal(app_commands.AppCommandError):
    """Root of the family: the member's own request cannot be taken; nothing was sent."""


class CallNumberError(Refusal):
    """The `call` option is no call number."""


class BlankNoteError(Refusal):
    """The `note` option has nothing visible in it."""


class LongNoteError(Refusal):
    """The note has `length` characters, more than `limit`."""

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(f"{length} characters of {limit}")
        self.length = length
        self.limit = limit


class NotInGuildError(Refusal):
    """The command was used outside a server."""


class NoDispatcherRoleError(Refusal):
    """No role of this guild is configured as a dispatcher role, so nobody may add notes."""


class NotDispatcherError(Refusal):
    """The member has none of the dispatcher roles, whose names are in `roles`, if known."""

    def __init__(self, roles: list[str]) -> None:
        super().__init__("not a dispatcher")
        self.roles = roles
