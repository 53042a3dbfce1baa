"""Sonoran CAD over HTTP, API versions 1 and 2 behind one interface; knows nothing of Discord."""

from bot.sonoran.client import SonoranClient
from bot.sonoran.errors import (
    CredentialsError,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    Reason,
    RefusedError,
    SonoranError,
)
from bot.sonoran.models import (
    AddedNote,
    ApiVersion,
    CadServer,
    CallList,
    CallNote,
    Credentials,
    DispatchCall,
    ListedNote,
    VersionSign,
)
from bot.sonoran.transport import Transport, open_session

__all__ = [
    "AddedNote",
    "ApiVersion",
    "CadServer",
    "CallList",
    "CallNote",
    "Credentials",
    "CredentialsError",
    "DispatchCall",
    "ListedNote",
    "NoEffectError",
    "OutcomeUnknownError",
    "RateLimitedError",
    "Reason",
    "RefusedError",
    "SonoranClient",
    "SonoranError",
    "Transport",
    "VersionSign",
    "open_session",
]
