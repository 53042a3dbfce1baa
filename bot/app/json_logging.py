"""Log lines as JSON objects, for programs that read logs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pythonjsonlogger.json import JsonFormatter

_NAMES = {
    "asctime": "time",
    "levelname": "level",
    "name": "logger",
    "exc_info": "traceback",
    "stack_info": "stack",
}


class JsonLineFormatter(JsonFormatter):
    """Formats a record, traceback included, as a JSON object of texts on one line of ASCII.

    `redact` takes secrets out of a text. Times are in UTC, as RFC 3339 has them.
    """

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__(
            ["asctime", "levelname", "name", "message"],
            rename_fields=_NAMES,
            json_ensure_ascii=True,
        )
        self.converter = time.gmtime
        self._redact = redact

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Return what is to be logged as texts without secrets and without halves of emoji."""
        return {
            name: self._redact(str(value)).encode(errors="backslashreplace").decode()
            for name, value in log_data.items()
        }
