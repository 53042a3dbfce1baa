"""Faults: how the service may misbehave, on order."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal

from bot.sandbox.sonoran.answers import TEXT, Answer

FaultTarget = Literal[
    "note", "calls", "version", "servers", "info", "account", "identifiers", "any"
]
Abort = Literal["before", "after_headers", "truncated"]


@dataclass(frozen=True)
class Fault:
    """One way to misbehave, for `times` requests of the kind `on` (None: until cleared).

    The order of events is `delay` seconds, the effect, `delay_after` seconds, `hold` until
    set, the answer. Without `applied` the request has no effect. With `survives_disconnect`
    a caller who leaves during `delay` does not stop the effect, only the answer.

    The answer is the normal one of an applied request, otherwise "503 Service Unavailable", and is
    replaced by what is given: `status` (without a body: the status's phrase as text), `body`
    (without a status: 200, or the normal status when applied), `content_type`, `headers` added
    to the others, `oversize` that many bytes as the body. `abort` closes the connection: before
    any answer, after the status line and headers, or in the middle of the body. `drip` sends the
    body byte by byte with that pause in seconds.
    """

    on: FaultTarget = "note"
    times: int | None = 1
    applied: bool = False
    delay: float = 0.0
    delay_after: float = 0.0
    hold: asyncio.Event | None = None
    survives_disconnect: bool = False
    status: int | None = None
    body: str | bytes | None = None
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    abort: Abort | None = None
    oversize: int = 0
    drip: float = 0.0

    def replace(self, normal: Answer | None) -> Answer:
        """Return the answer to give instead of `normal`, which is None without an effect."""
        body = self._body()
        if body is not None:
            answer = Answer(self.status or (normal.status if normal else 200), body, TEXT)
        elif self.status is not None:
            answer = _phrase_answer(self.status)
        else:
            answer = normal or _phrase_answer(503)
        kept_headers = normal.headers if normal else {}
        return Answer(
            answer.status,
            answer.body,
            self.content_type or answer.content_type,
            {**kept_headers, **self.headers},
        )

    def _body(self) -> bytes | None:
        if self.oversize:
            return b"x" * self.oversize
        return self.body.encode() if isinstance(self.body, str) else self.body


class Faults:
    """The faults still to come, in order: each request meets the first one that is for it."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._remaining: list[int | None] = []

    def add(self, fault: Fault) -> None:
        """Let a fault happen from the next request on, after those added before it."""
        self._faults.append(fault)
        self._remaining.append(fault.times)

    def clear(self) -> None:
        """Forget all faults; requests already held or delayed are not released."""
        self._faults.clear()
        self._remaining.clear()

    def take(self, kind: str) -> Fault | None:
        """Return the fault for a request of this kind and count it as having happened."""
        for index, fault in enumerate(self._faults):
            remaining = self._remaining[index]
            if fault.on not in ("any", kind) or remaining == 0:
                continue
            if remaining is not None:
                self._remaining[index] = remaining - 1
            return fault
        return None


def _phrase_answer(status: int) -> Answer:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = f"Status {status}"
    return Answer(status, phrase.encode(), TEXT)
