"""What a community keeps in Sonoran CAD: servers, dispatch calls, 911 calls and notes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

DEFAULT_NOTE_LABEL = "Sonoran CAD"
"""Label of a note sent without one. A guess: the sample notes of the v2 pages carry it."""

DEFAULT_NOTE_TYPE = "text"
"""Type of a note sent without one. Choice: every example of the documentation sends `text`."""

PENDING = 0
ACTIVE = 1
CLOSED = 2
"""Call statuses (v2 page get-calls, CALL_STATUS)."""


@dataclass(frozen=True)
class Note:
    """One note of a dispatch call (v2 page get-calls; v1 page get-calls has the same members).

    `label` is the free text naming the sender, `type` is `text` or `link` in the official
    JavaScript client, `content` the text, `time` the moment it was stored, with its zone.
    A note has no ID and can be neither changed nor deleted (no endpoint does it).
    """

    label: str
    type: str
    content: str
    time: datetime


@dataclass
class Call:
    """A dispatch call (v2 page get-calls); `unit_ids` are sent as `idents`.

    `priority` is text in custom layouts (v2 page create-custom-dispatch-call). `extra` holds
    further members for v2 replies as that page adds them: `template`, `values`, `statusId`.
    """

    call_id: int
    server_id: int
    updated: datetime
    title: str = ""
    code: str = ""
    address: str = ""
    postal: str = ""
    description: str = ""
    status: int = ACTIVE
    priority: int | str = 2
    unit_ids: list[int] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    extra: Mapping[str, object] = field(default_factory=dict)

    @property
    def closed(self) -> bool:
        """Whether the call is closed."""
        return self.status == CLOSED


@dataclass
class EmergencyCall:
    """A 911 call (v2 page get-calls).

    It has no notes, and its ID says nothing about dispatch calls: the two are separate lists.
    """

    call_id: int
    server_id: int
    updated: datetime
    caller: str
    location: str


@dataclass
class Account:
    """A member's account that is linked to Discord, with the units that are theirs.

    `units` are unit numbers by the id of the identifier, of which one or none is `selected`.
    """

    uuid: str
    username: str
    units: dict[int, object] = field(default_factory=dict)
    selected: int | None = None


@dataclass
class Server:
    """A configured server (v2 page get-servers)."""

    server_id: int
    name: str


SERVER_ADDRESS = "203.0.113.7"
"""Of every server's map and outbound connections, from the documentation range."""
