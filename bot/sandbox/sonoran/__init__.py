"""A loopback simulator of Sonoran CAD: its API v1 and v2 with the rules that are known of them.

Every rule names its source: a page of the service's public documentation, an official client, or
"choice" where no source says what the service does.
"""

from .community import Community
from .faults import Fault, Faults
from .model import Call, EmergencyCall, Note, Server
from .rate_limit import RateLimits
from .requests import RecordedRequest
from .server import AbsentAnswer, SonoranServer

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
