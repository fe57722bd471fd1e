"""Floors: the least that a server of the same kind must do. Measured in the same run as what stands on them.

`python -m tests.benchmarks.floors PORT KEYS CONNINFO` serves, on the server software of the service:
- `POST /entries`: parse the statement and verify its signature, nothing else (KEYS: a file of COSE keys, in hex);
- `GET /row/{id}`: read one row by primary key and return its bytes;
- `GET /static/{n}`: n bytes that lie in memory.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import psycopg_pool
import uvicorn

from ledger.cose.statement import parse_statement, verify_statement
from ledger.errors import LedgerError
from ledger.keys.algorithms import PublicKey, decode_key
from ledger.limits import DATABASE_CONNECTIONS_MAX

__all__ = ["ROWS"]

ROWS = "floor_rows (id text PRIMARY KEY, body bytea NOT NULL)"
_RECEIPT = bytes(700)  # about the size of one
_SELECT = "SELECT body FROM floor_rows WHERE id = %s"


class Floor:
    """A bare ASGI application: no framework, no middleware."""

    def __init__(self, keys: dict[bytes, PublicKey], conninfo: str) -> None:
        self._keys = keys
        self._static: dict[str, bytes] = {}
        self._pool = psycopg_pool.AsyncConnectionPool(
            conninfo, min_size=2, max_size=DATABASE_CONNECTIONS_MAX, open=False, kwargs={"autocommit": True}
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "POST":
            await self._verify(receive, send)
        elif scope["path"] == "/readyz":
            await self._pool.open(wait=True)
            await _answer(send, 200, b"ok")
        elif scope["path"].startswith("/static/"):
            length = scope["path"].rpartition("/")[2]
            if length not in self._static:
                self._static[length] = bytes(int(length))
            await _answer(send, 200, self._static[length])
        else:
            await self._read(scope["path"].rpartition("/")[2], send)

    async def _verify(self, receive: Any, send: Any) -> None:
        message = await receive()
        body = message["body"]
        while message.get("more_body", False):
            message = await receive()
            body += message["body"]
        try:
            statement = parse_statement(body)
            verify_statement(statement, self._keys[statement.kid])
        except (LedgerError, KeyError):
            await _answer(send, 400, b"")
        else:
            await _answer(send, 201, _RECEIPT)

    async def _read(self, name: str, send: Any) -> None:
        async with self._pool.connection() as connection:
            cursor = connection.cursor(binary=True)
            await cursor.execute(_SELECT, (name,), prepare=True)
            row = await cursor.fetchone()
        await _answer(send, 200, row[0]) if row else await _answer(send, 404, b"")


async def _answer(send: Any, status: int, content: bytes) -> None:
    headers = [(b"content-length", str(len(content)).encode()), (b"content-type", b"application/octet-stream")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def main() -> None:
    """Serve until the process is ended."""
    port, keys_file, conninfo = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    keys = [decode_key(bytes.fromhex(line)) for line in keys_file.read_text().split()]
    uvicorn.run(
        Floor({key.kid: key for key in keys}, conninfo),
        port=port,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
    )


if __name__ == "__main__":
    main()
