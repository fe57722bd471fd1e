"""Floors: the least that a server of the same kind must do. Measured in the same run as what stands on them.

`python -m tests.benchmarks.floors PORT KEYS CONNINFO` serves
- `POST /entries`: parse the statement and verify its signature, nothing else;
- `GET /row/{id}`: read one row by primary key and return its bytes.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import psycopg_pool
import uvicorn

from ledger.cose.statement import parse_statement, verify_statement
from ledger.errors import LedgerError
from ledger.keys.algorithms import PublicKey, decode_key

ANSWER = bytes(500)  # about the size of a receipt


class Floor:
    """A bare ASGI application: no framework, no middleware."""

    def __init__(self, keys: dict[bytes, PublicKey], conninfo: str) -> None:
        self._keys = keys
        self._pool = psycopg_pool.AsyncConnectionPool(conninfo, min_size=4, max_size=8, open=False)

    async def __call__(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        if scope["method"] == "POST":
            body = b""
            more = True
            while more:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
            try:
                statement = parse_statement(body)
                verify_statement(statement, self._keys[statement.kid])
                await _answer(send, 201, ANSWER)
            except (LedgerError, KeyError):
                await _answer(send, 400, b"")
            return
        if scope["path"] == "/healthz":
            await self._pool.open()
            await _answer(send, 200, b"ok")
            return
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT body FROM bench_floor WHERE id = %s",
                (scope["path"].rpartition("/")[2],),
                prepare=True,
                binary=True,
            )
            row = await cursor.fetchone()
        await _answer(send, 200, row[0])


async def _answer(send, status: int, content: bytes) -> None:  # type: ignore[no-untyped-def]
    headers = [(b"content-length", str(len(content)).encode()), (b"content-type", b"application/cose")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def main() -> None:
    port, keys_file, conninfo = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    keys = [decode_key(bytes.fromhex(line)) for line in keys_file.read_text().split()]
    app = Floor({key.kid: key for key in keys}, conninfo)
    config = uvicorn.Config(
        app, port=port, loop="uvloop", http="httptools", lifespan="off", access_log=False, log_level="warning"
    )
    asyncio.set_event_loop_policy(None)
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
