"""A loopback simulator of Sonoran CAD: its API v1 and v2 with the rules that are known of them.

Every rule names its source: a page of the service's public documentation, an official client, or
"choice" where no source says what the service does.
"""

from bot.sandbox.sonoran.community import Community
from bot.sandbox.sonoran.faults import Fault, Faults
from bot.sandbox.sonoran.model import Call, EmergencyCall, Note, Server
from bot.sandbox.sonoran.rate_limit import RateLimits
from bot.sandbox.sonoran.requests import RecordedRequest
from bot.sandbox.sonoran.server import AbsentAnswer, SonoranServer

__all__ = [
    "AbsentAnswer",
    "Call",
    "Community",
    "EmergencyCall",
    "Fault",
    "Faults",
    "Note",
    "RateLimits",
    "RecordedRequest",
    "Server",
    "SonoranServer",
]
