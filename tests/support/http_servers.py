"""A real HTTP server on this machine around a handler of a test's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["QuietHandler", "served"]

_LOOK_SECONDS = 0.02  # how soon it sees that it is to end


class QuietHandler(BaseHTTPRequestHandler):
    """Writes no line about each request."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Its address, `http://127.0.0.1:…`, until the block ends. Requests that are still answered then are not waited
    for."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(_LOOK_SECONDS,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
