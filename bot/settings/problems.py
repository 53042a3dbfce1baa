"""What can be wrong with a setting, or with a member who wants to add a note."""

from __future__ import annotations

from enum import StrEnum, auto


class SettingProblem(StrEnum):
    """Why a setting was not changed, or a member may not add notes."""

    NOTE_OUTSIDE_GUILD = auto()
    NO_DISPATCHER_ROLE = auto()
    NOT_DISPATCHER = auto()
    NOT_DISPATCHER_HERE = auto()
    """The member has none of the dispatcher roles, and their names are not known."""
    DISPATCHERS_UNKNOWN = auto()
    """The settings have not been read yet, so who may add notes is not known."""
    SETTINGS_UNKNOWN = auto()
    """The settings have not been read yet, so none can be shown or changed."""
    SETTING_NOT_SAVED = auto()
    SETTINGS_FULL = auto()
    GUILD_NOT_READY = auto()  # Discord has not sent the guild's roles and channels yet
    EVERYONE_ROLE = auto()
    MANAGED_ROLE = auto()  # the role named `role` is managed by a bot or another integration
    TOO_MANY_ROLES = auto()
    NOT_DISPATCHER_ROLE = auto()
    NO_SUCH_SERVER = auto()
    """The CAD has no server with this `number`; `servers` are those it has, names by number."""
    UNWRITABLE_CHANNEL = auto()
    CHANNEL_NOT_TRIED = auto()
