"""The things said to and heard from the CAD, in our own names."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from functools import cached_property
from urllib.parse import quote

LARGEST_CALL = 2**53 - 1
"""The largest id of a call: the largest integer that every JSON parser keeps exact."""

_ASP_NET_ESCAPES = str.maketrans(
    {"\\": "\\\\"} | {each: f"\\u{ord(each):04X}" for each in "\"&'+<>`"}
)
"""How ASP.NET escapes printable ASCII in JSON; version 2's problem documents look like its own."""


class ApiVersion(Enum):
    """The two generations of the CAD's API."""

    V1 = 1
    V2 = 2


class VersionSign(Enum):
    """By what a CAD's API version is known; the words for it are the caller's."""

    GIVEN = auto()  # the host's settings name it
    ANSWERED = auto()  # it answered the version 2 request
    REFUSED = auto()  # it refused that as version 2 does
    PLACEHOLDER = auto()  # it answered that with version 1's placeholder for a wrong path
    WEB_PAGE = auto()
    NO_ADDRESS = auto()  # it has no version 2 address


@dataclass(frozen=True)
class Credentials:
    """What a community proves itself with.

    `community_id` is needed by version 1 only and may be empty for version 2, where the key alone
    names the community. The key is left out of `repr`.
    """

    api_key: str = field(repr=False)
    community_id: str = ""

    @cached_property
    def forms_of_key(self) -> frozenset[str]:
        """The key as it may stand in a text: as it is, quoted for JSON in two ways, or a URL."""
        key = self.api_key
        for_json = json.dumps(key)[1:-1], key.translate(_ASP_NET_ESCAPES)
        return frozenset(filter(None, (key, *for_json, quote(key, safe=""))))


@dataclass(frozen=True, slots=True)
class CommunityInfo:
    """Which community a key belongs to: the CAD's own id for it, perhaps empty, and its name.

    `time_zone` is the name of its time zone, empty where none is told.
    """

    community_id: str
    name: str
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class CallNote:
    """A note to add to a dispatch call.

    `server_id` is the CAD server's number, `call_id` the integer id of a dispatch call there
    (1 to 2**53 - 1), `label` the sender shown beside the note. The text and label are sent as
    given: the API documents no length limit for either.
    """

    server_id: int
    call_id: int
    text: str = field(repr=False)
    label: str = field(repr=False)


def added_text(call_id: int, text: str) -> str:
    """Return what version 1 of the CAD answers for an added note."""
    return f"NOTE '{text}' added to call #{call_id}"


class CallStatus(Enum):
    """How far a dispatch call has got, by the CAD's number for it (pages get-calls)."""

    PENDING = 0
    ACTIVE = 1
    CLOSED = 2


@dataclass(frozen=True, slots=True)
class ListedNote:
    """A note as the CAD lists it: the sender's free text and the note's own (`content` there).

    `time` is the CAD's text for when it was made, such as `12:00:00` in version 1 and ISO 8601 in
    version 2, empty without one.
    """

    label: str = field(repr=False)
    text: str = field(repr=False)
    time: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class DispatchCall:
    """A dispatch call as the CAD lists it.

    Texts are empty where the CAD gives none and cut where it gives very long ones; `priority` is a
    number or a community's own word, as text. `status` is None where it is unknown, `updated` where
    no time can be read. `unit_ids` are the CAD's own, not unit numbers.

    `notes` stand in the CAD's order, which no source states; None means that they could not be
    read, not that there are none. `unreadable_notes` counts the entries among them that could not.
    `shown_notes` are all that can be shown, also where they are but texts without a label.
    """

    server_id: int
    call_id: int
    title: str
    code: str
    address: str
    closed: bool
    notes: tuple[ListedNote, ...] | None
    unreadable_notes: int = 0
    shown_notes: tuple[ListedNote, ...] = field(default=(), repr=False)
    postal: str = ""
    description: str = ""
    priority: str = ""
    status: CallStatus | None = None
    unit_ids: tuple[int, ...] = ()
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClosedCalls:
    """Which closed calls to list besides the open ones: `count`, 100 at most, after `skip`."""

    count: int = 0
    skip: int = 0

    @property
    def parameters(self) -> dict[str, int]:
        """The parameters that ask for calls of both kinds (`type` 100), these closed ones too."""
        return {"closedLimit": self.count, "closedOffset": self.skip, "type": 100}


OPEN_ALONE = ClosedCalls()


@dataclass(frozen=True, slots=True)
class CallList:
    """The dispatch calls of one CAD server, those still open and as many closed ones as asked for.

    911 calls have ids of their own, `emergency_ids`, which may be those of dispatch calls, too. No
    call id stands twice. Unless it is `whole`, there may be others: not all of it could be read.
    """

    server_id: int
    calls: tuple[DispatchCall, ...]
    emergency_ids: frozenset[int] = frozenset()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class CadServer:
    """A server of the community, by number and name.

    The CAD tells more of it, addresses of game servers included, which nobody here may see.
    """

    server_id: int
    name: str


@dataclass(frozen=True, slots=True)
class ServerList:
    """The community's servers, no number twice.

    Unless it is `whole`, there may be others: an entry could not be read.
    """

    servers: tuple[CadServer, ...]
    whole: bool = True
