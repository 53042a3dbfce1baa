"""A stand-in for Sentry on the loopback interface, which keeps what it is sent."""

from __future__ import annotations

import contextlib
import gzip
import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.world import PATIENCE


class Sentry:
    """Takes envelopes in a thread of its own, as the SDK sends them while a test waits."""

    def __init__(self) -> None:
        self.bodies: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                zipped = self.headers["Content-Encoding"] == "gzip"
                bodies.put(gzip.decompress(body) if zipped else body)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.dsn = f"http://public-key-7e1@127.0.0.1:{self.server.server_port}/42"

    def next(self) -> tuple[str, dict[str, Any]]:
        """Wait for a report; returns all that was sent as text, and the event in it.

        An envelope is a header and, for each item, a header and a payload, one a line.
        """
        body = self.bodies.get(timeout=PATIENCE).decode()
        _, kind, payload = body.splitlines()[:3]
        assert json.loads(kind)["type"] == "event"
        return body, json.loads(payload)


@contextlib.contextmanager
def running() -> Iterator[Sentry]:
    """Run one until the end of the block."""
    sentry = Sentry()
    thread = threading.Thread(target=sentry.server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield sentry
    finally:
        sentry.server.shutdown()
        thread.join()
        sentry.server.server_close()
