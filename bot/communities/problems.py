"""What can keep a guild from the CAD."""

from __future__ import annotations

from enum import StrEnum, auto


class ConnectionProblem(StrEnum):
    """Why a guild may not reach the CAD, or cannot be connected."""

    NOT_CONNECTED = auto()
    NOT_MEMBER = auto()  # the bot is not in the guild, which has its commands alone
    CONNECTION_UNKNOWN = auto()
    """The settings have not been read yet, so it is not known who is connected."""
    OWNERS_UNKNOWN = auto()
    KEY_REPLACED = auto()
    """Another guild of the same community has entered a newer API key."""
    CREDENTIALS_SEALED = auto()
    """No CREDENTIALS_KEY opens the guild's credentials."""
    NO_HOSTS_CAD = auto()  # the host's community is gone since a button for it was shown


class CredentialsProblem(StrEnum):
    """Why credentials that an administrator entered were not stored."""

    NOT_OFFERED = auto()  # the host has set no CREDENTIALS_KEY
    MALFORMED = auto()  # the key or the id has spaces or other characters that none can have
    TOO_MANY_TRIES = auto()
    OTHERS_TRIED = auto()  # administrators of all guilds together tried too often
    COMMUNITY_ID_NEEDED = auto()  # the CAD speaks version 1, which takes no key alone
    KEY_REFUSED = auto()  # the CAD said `said`
    PLAN_REFUSED = auto()  # the same, about the community's plan
    CAD_TROUBLE = auto()  # the CAD gave no answer that tells, for the `Reason` `why`
    CAD_BUSY = auto()  # it gets too many requests
    HOSTS_COMMUNITY = auto()  # the key is a second one for the community of the bot's host
