"""An answer of the service, and the ways it phrases one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

TEXT = "text/plain; charset=utf-8"
JSON = "application/json; charset=utf-8"
PROBLEM = "application/problem+json; charset=utf-8"

BACKEND_REACHED = "Backend Service Reached"
"""What a wrong path answers with status 200, having done nothing (official FiveM client, v3)."""


@dataclass
class Answer:
    """A complete answer: status, body, content type, and headers besides that one."""

    status: int
    body: bytes
    content_type: str
    headers: dict[str, str] = field(default_factory=dict)


def text_answer(status: int, text: str) -> Answer:
    """Return a plain-text answer; what UTF-8 cannot carry becomes a question mark."""
    return Answer(status, text.encode("utf-8", "replace"), TEXT)


def json_answer(status: int, value: object, content_type: str = JSON) -> Answer:
    """Return an answer whose body is `value` as JSON."""
    return Answer(status, json.dumps(value).encode(), content_type)


def backend_reached() -> Answer:
    """Return the answer to a path that the backend does not know."""
    return text_answer(200, BACKEND_REACHED)


def problem_answer(
    status: int,
    title: str,
    detail: str,
    instance: str,
    trace_id: str,
    problem_type: str | None,
) -> Answer:
    """Return a problem document with the six members of the v2 pages."""
    document: Mapping[str, object] = {
        "type": problem_type or f"https://httpstatuses.com/{status}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": instance,
        "traceId": trace_id,
    }
    return json_answer(status, document, PROBLEM)
