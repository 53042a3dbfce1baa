"""Faults of the service that a test or the sandbox can switch on."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Fault:
    """What goes wrong with the next requests to one route.

    `route` is the name of a `Route`. `status` is the HTTP status of the faulty answer; None leaves
    the ordinary answer in place, so that the fault only delays it. `times` says how many requests
    are hit, None all of them. With `applied` the request takes effect first and the fault happens
    to the answer; without it the request has no effect, or, where `status` is None and `abort`
    false, takes effect only after the delay. `delay` is in seconds by the event loop's clock;
    `hold` keeps the answer back until it is set. `body` replaces Discord's usual error object: an
    object or list is sent as JSON, text as HTML. `abort` cuts the connection instead of answering.
    """

    route: str
    status: int | None = None
    times: int | None = 1
    applied: bool = True
    delay: float = 0.0
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    abort: bool = False
    hold: asyncio.Event | None = None

    async def wait(self) -> None:
        """Return after the delay and once the answer is no longer held back."""
        if self.delay > 0:
            await asyncio.sleep(self.delay)
        if self.hold is not None:
            await self.hold.wait()

    def answer_body(self) -> Any:
        """Return the body of the faulty answer: the given one or Discord's usual one."""
        if self.body is not None:
            return self.body
        if self.status == 429:
            # Discord API docs, Rate Limits, "Exceeding A Rate Limit".
            retry_after = float(self.headers.get("Retry-After", "0.1"))
            message = "You are being rate limited."
            return {"message": message, "retry_after": retry_after, "global": False}
        return {"message": f"{self.status}: Error", "code": 0}


class Faults:
    """The faults that are switched on, used up in the order in which they were added."""

    def __init__(self, routes: Iterable[str]) -> None:
        self._routes = frozenset(routes)
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Switch a fault on and return it.

        Raises ValueError for a route that the server does not have.
        """
        if fault.route not in self._routes:
            raise ValueError(f"No route is named {fault.route!r}; there are {sorted(self._routes)}")
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Switch every fault off; answers that are being held back stay so."""
        self._faults.clear()

    @property
    def pending(self) -> list[Fault]:
        """The faults that will still happen."""
        return list(self._faults)

    def take(self, route: str) -> Fault | None:
        """Return the fault that hits this request, counting it, or None."""
        for fault in self._faults:
            if fault.route == route:
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                return fault
        return None
