"""A port of loopback that nobody else is given while it is held."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reserved_port() -> Iterator[int]:
    """Give a port on which a server may listen, in this process or another, and end, and begin.

    A socket is bound to it that does not listen: Linux lets a server share it, as both reuse the
    address, and names it to nobody who asks for any port (socket(7), SO_REUSEADDR).
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]
