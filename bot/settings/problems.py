"""What can be wrong with a setting, or with who wants to add a note."""

from __future__ import annotations

from enum import StrEnum, auto


class SettingProblem(StrEnum):
    """Why a setting was not changed, or a member may not add notes."""

    NOTE_OUTSIDE_GUILD = auto()
    NO_DISPATCHER_ROLE = auto()
    NOT_DISPATCHER = auto()
    NOT_DISPATCHER_HERE = auto()
    """The member has none of the dispatcher roles, whose names are not known."""
    DISPATCHERS_UNKNOWN = auto()
    """The settings were not read since the start, so nobody can tell who may add notes."""
    SETTINGS_UNKNOWN = auto()
    """The settings were not read since the start, so none can be shown or changed."""
    SETTING_NOT_SAVED = auto()
    SETTINGS_FULL = auto()
    GUILD_NOT_READY = auto()
    """Discord has not told yet which roles and channels the guild has."""
    EVERYONE_ROLE = auto()
    MANAGED_ROLE = auto()
    """The chosen `role`, a name, belongs to a bot or another integration."""
    TOO_MANY_ROLES = auto()
    NOT_DISPATCHER_ROLE = auto()
    NO_SUCH_SERVER = auto()
    """The CAD has no server with this `number`; `servers` are those it has, names by number."""
    UNWRITABLE_CHANNEL = auto()
    CHANNEL_NOT_TRIED = auto()
