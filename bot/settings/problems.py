"""What can be wrong with a setting, or with who wants to add a note."""

from __future__ import annotations

from enum import StrEnum, auto


class SettingProblem(StrEnum):
    """Why a setting was not changed, or a member may not add notes."""

    NOTE_OUTSIDE_GUILD = auto()
    """A note was to be added outside a server."""
    NO_DISPATCHER_ROLE = auto()
    """No role of the server may add notes."""
    NOT_DISPATCHER = auto()
    """The member has none of the dispatcher roles, whose names are in `roles`."""
    NOT_DISPATCHER_HERE = auto()
    """The member has none of the dispatcher roles, whose names are not known."""
    DISPATCHERS_UNKNOWN = auto()
    """The settings were not read since the start, so nobody can tell who may add notes."""
    SETTINGS_UNKNOWN = auto()
    """The settings were not read since the start, so none can be shown or changed."""
    SETTING_NOT_SAVED = auto()
    """The database did not confirm a change."""
    SETTINGS_FULL = auto()
    """The database has no room for a change."""
    GUILD_NOT_READY = auto()
    """Discord has not told yet which roles and channels the server has."""
    EVERYONE_ROLE = auto()
    """`@everyone` was chosen as a dispatcher role."""
    MANAGED_ROLE = auto()
    """The chosen `role`, a name, belongs to a bot or another integration."""
    TOO_MANY_ROLES = auto()
    """More dispatcher roles were chosen than `limit`."""
    NOT_DISPATCHER_ROLE = auto()
    """The `role` to be removed, a name, is no dispatcher role."""
    NO_SUCH_SERVER = auto()
    """The CAD has no server with this `number`; `servers` are those it has, names by number."""
    UNWRITABLE_CHANNEL = auto()
    """Callnote cannot write to `channel`; `missing` names the permissions that it lacks there."""
    CHANNEL_NOT_TRIED = auto()
    """Discord did not say whether Callnote can write to the channel."""
