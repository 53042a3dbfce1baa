"""What Callnote itself refuses before anything reaches the CAD."""

from __future__ import annotations

from discord import app_commands


class Refusal(app_commands.AppCommandError):
    """Root of the family: the member's own request cannot be taken; nothing was sent."""


class CallNumberError(Refusal):
    """The `call` option is no call number; `after_dash` tells that one stands behind a dash."""

    def __init__(self, *, after_dash: bool = False) -> None:
        super().__init__("no call number")
        self.after_dash = after_dash


class BlankNoteError(Refusal):
    """The `note` option has nothing visible in it."""


class LongNoteError(Refusal):
    """The note has `length` characters, more than `limit`."""

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(f"{length} characters of {limit}")
        self.length = length
        self.limit = limit


class NotConnectedError(Refusal):
    """The server is not connected to the CAD."""


class NotMemberError(Refusal):
    """The bot is not in the server, which was given its commands alone."""


class ConnectionUnknownError(Refusal):
    """The settings were not read since the start, so nobody can tell who is connected."""


class OwnersUnknownError(Refusal):
    """Discord did not say who owns the application."""


class NotInGuildError(Refusal):
    """The command was used outside a server."""


class NoDispatcherRoleError(Refusal):
    """No role of this guild is configured as a dispatcher role, so nobody may add notes."""


class NotDispatcherError(Refusal):
    """The member has none of the dispatcher roles, whose names are in `roles`, if known."""

    def __init__(self, roles: list[str]) -> None:
        super().__init__("not a dispatcher")
        self.roles = roles


class SettingsUnknownError(Refusal):
    """The settings could not be read since the start, so nobody can tell who may do what."""


class SettingNotSavedError(Refusal):
    """The database did not confirm a change; with `full` it has no room left."""

    def __init__(self, *, full: bool) -> None:
        super().__init__("storage is full" if full else "storage did not answer")
        self.full = full


class NotAdministratorError(Refusal):
    """The member may not change settings here."""


class GuildNotReadyError(Refusal):
    """Discord has not told yet which roles and channels the server has."""


class EveryoneRoleError(Refusal):
    """`@everyone` was chosen as a dispatcher role."""


class ManagedRoleError(Refusal):
    """A role that belongs to a bot or another integration was chosen; its name is in `role`."""

    def __init__(self, role: str) -> None:
        super().__init__("managed role")
        self.role = role


class TooManyRolesError(Refusal):
    """More dispatcher roles were chosen than `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} roles")
        self.limit = limit


class NotDispatcherRoleError(Refusal):
    """The role to be removed, named in `role`, is no dispatcher role."""

    def __init__(self, role: str) -> None:
        super().__init__("no dispatcher role")
        self.role = role


class NoSuchServerError(Refusal):
    """The CAD has no server with this number; `servers` are those it has, by number and name."""

    def __init__(self, number: int, servers: list[tuple[int, str]]) -> None:
        super().__init__(f"no server {number}")
        self.number = number
        self.servers = servers


class UnwritableChannelError(Refusal):
    """Callnote cannot write to the channel; `missing` names the permissions it lacks there."""

    def __init__(self, channel: str, missing: list[str]) -> None:
        super().__init__("missing " + ", ".join(missing))
        self.channel = channel
        self.missing = missing


class ChannelNotTriedError(Refusal):
    """Discord did not say whether Callnote can write to the channel."""


class HistoryUnreadableError(Refusal):
    """The notes added so far could not be read."""


class StorageDownError(Refusal):
    """The note could not be written down, so it was not accepted; `full` if for lack of room."""

    def __init__(self, *, full: bool = False) -> None:
        super().__init__("storage is full" if full else "storage did not answer")
        self.full = full


class WaitingLimitError(Refusal):
    """`limit` notes are waiting already."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} notes are waiting")
        self.limit = limit


class NoteGoneError(Refusal):
    """The note that a button is about is not kept any more, or is not of this guild."""


class NoteMovedOnError(Refusal):
    """The note that a button is about is not in the state that the button was made for."""


class NoteTooOldError(Refusal):
    """The note that a button is about was given up too long ago to be taken up again."""


class NotYourNoteError(Refusal):
    """The note is another member's, and the member is no administrator."""
