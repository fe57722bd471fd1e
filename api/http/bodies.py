"""Reading what clients send, within limits: bodies of requests, CBOR sequences of batches."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import Receive

from api.http.errors import InvalidRequest, TooLarge
from api.http.foreign_cbor import decode_sequence
from ledger.errors import Malformed
from ledger.limits import BATCH_STATEMENTS_MAX, BODY_BYTES_MAX, STATEMENT_BYTES_MAX

__all__ = ["BatchItem", "batch_items", "no_nul", "read_bounded", "wants_json"]

BatchItem = tuple[bytes, bytes | None]  # statement, body


async def read_bounded(receive: Receive, bytes_max: int) -> bytes:
    """The whole request body. Raises `TooLarge` as soon as it is longer than `bytes_max`."""
    message = await receive()
    content: bytes = message.get("body", b"")
    if not message.get("more_body", False) and len(content) <= bytes_max:
        return content
    chunks = [content]
    size = len(content)
    while message.get("more_body", False):
        if size > bytes_max:
            raise TooLarge(f"more than {bytes_max} bytes")
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Malformed("the request ended early")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
    if size > bytes_max:
        raise TooLarge(f"more than {bytes_max} bytes")
    return b"".join(chunks)


def batch_items(content: bytes) -> list[BatchItem]:
    """A CBOR sequence (RFC 8742) of `statement` or `[statement, body]`, each a byte string.

    Raises `Malformed` for the whole of it: what cannot be cut into items has no items.
    """
    items: list[BatchItem] = []
    for found in decode_sequence(content):
        if len(items) >= BATCH_STATEMENTS_MAX:
            raise Malformed(f"a batch has at most {BATCH_STATEMENTS_MAX} items")
        item = [found, None] if isinstance(found, bytes) else found
        if not (isinstance(item, list) and len(item) == 2 and isinstance(item[0], bytes)):
            raise Malformed(f"item {len(items)} of the batch is neither a statement nor [statement, body]")
        statement, body = item
        if not (body is None or isinstance(body, bytes)):
            raise Malformed(f"the body of item {len(items)} is not a byte string")
        if len(statement) > STATEMENT_BYTES_MAX or len(body or b"") > BODY_BYTES_MAX:
            raise TooLarge(f"item {len(items)} of the batch is larger than a statement or body may be")
        items.append((statement, body))
    if not items:
        raise Malformed("an empty batch")
    return items


def wants_json(request: Request) -> bool:
    """Whether the client asked for JSON (problem details on SCRAPI routes, statements for people)."""
    return "json" in request.headers.get("accept", "")


async def no_nul(request: Request) -> None:
    """As a dependency of all routes: no name and no search term holds a NUL, which PostgreSQL does not take."""
    if "\0" in request.scope["path"] or b"%00" in request.scope["query_string"]:
        raise InvalidRequest("request.nul", "请求中不能有空字符", "a request has no NUL characters")
