"""What the command lines of the benchmark and the randomized run have in common."""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable

import psycopg

CONNECT_SECONDS = 5


def at_least(least: int) -> Callable[[str], int]:
    """Return the parser of a whole number that is not smaller."""

    def parse(text: str) -> int:
        plain = text.isascii() and text.isdigit() and len(text) <= 9
        if not plain or int(text) < least:
            raise ArgumentTypeError(f"expected a whole number, {least} or more")
        return int(text)

    return parse


def check_server(parser: ArgumentParser) -> None:
    """End with a sentence if TEST_DATABASE_URL is set and names no PostgreSQL server."""
    url = os.environ.get("TEST_DATABASE_URL")
    try:
        if url:
            psycopg.connect(url, connect_timeout=CONNECT_SECONDS).close()
    except psycopg.Error:  # whose message may repeat the password
        parser.error(
            "TEST_DATABASE_URL: no PostgreSQL server can be used at this address; correct it, or "
            "leave it out to have a server started"
        )
