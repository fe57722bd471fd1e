"""Reading what clients send, within limits: bodies of requests, CBOR sequences of batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import Receive, Scope

from api.http.errors import InvalidRequest, TooLarge
from ledger.cose.cbor import read_array, read_byte_string
from ledger.errors import Malformed
from ledger.limits import BATCH_STATEMENTS_MAX, BODY_BYTES_MAX, PARSED_ON_LOOP_BYTES_MAX, STATEMENT_BYTES_MAX

__all__ = ["BatchItem", "batch_items", "form_fields", "parsed", "read_bounded", "require_no_nul", "wants_json"]

T = TypeVar("T")
BatchItem = tuple[bytes, bytes | None]  # statement, body

_BYTE_STRING, _ARRAY, _NULL = 2, 4, 0xF6


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


async def parsed(parse: Callable[[bytes], T], content: bytes) -> T:
    """What `parse` makes of a request's body; in a thread where it is long, so that others are answered meanwhile."""
    if len(content) <= PARSED_ON_LOOP_BYTES_MAX:
        return parse(content)
    return await run_in_threadpool(parse, content)


def form_fields(content: bytes) -> dict[str, str]:
    """The fields of `application/x-www-form-urlencoded`; of a name that stands twice, the last. Raises `Malformed`."""
    try:
        return {
            name: values[-1]
            for name, values in parse_qs(content.decode("ascii"), keep_blank_values=True, errors="strict").items()
        }
    except (UnicodeDecodeError, ValueError) as error:
        raise Malformed(f"not a form: {error}") from None


def batch_items(content: bytes) -> list[BatchItem]:
    """A CBOR sequence (RFC 8742) of `statement` or `[statement, body]`, each a byte string; no body may be null.

    Each item is told by its first byte, each string cut out by its length: at most `BATCH_STATEMENTS_MAX` steps,
    whatever was sent. Raises `Malformed` for the whole of it: what cannot be cut into items has no items.
    """
    items: list[BatchItem] = []
    at = 0
    while at < len(content):
        if len(items) == BATCH_STATEMENTS_MAX:
            raise Malformed(f"a batch has at most {BATCH_STATEMENTS_MAX} items")
        try:
            statement, body, at = _batch_item(content, at)
        except Malformed as error:
            raise Malformed(f"item {len(items)} of the batch: {error}") from None
        if len(statement) > STATEMENT_BYTES_MAX or len(body or b"") > BODY_BYTES_MAX:
            raise TooLarge(f"item {len(items)} of the batch is larger than a statement or body may be")
        items.append((statement, body))
    if not items:
        raise Malformed("an empty batch")
    return items


def _batch_item(content: bytes, at: int) -> tuple[bytes, bytes | None, int]:
    """The item that begins at `at`, and the offset just past it."""
    major = content[at] >> 5
    if major == _BYTE_STRING:
        statement, at = read_byte_string(content, at)
        return statement, None, at
    if major != _ARRAY:
        raise Malformed("neither a statement nor [statement, body]")
    count, at = read_array(content, at)
    if count != 2:
        raise Malformed(f"an array of {count}, not of a statement and its body")
    statement, at = read_byte_string(content, at)
    if content[at : at + 1] == bytes((_NULL,)):
        return statement, None, at + 1
    body, at = read_byte_string(content, at)
    return statement, body, at


def wants_json(request: Request) -> bool:
    """Whether the client asked for JSON (problem details on SCRAPI routes, statements for people)."""
    return "json" in request.headers.get("accept", "")


def require_no_nul(scope: Scope) -> None:
    """No name and no search term holds a NUL, which PostgreSQL does not take. Raises `InvalidRequest`."""
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        raise InvalidRequest("request.nul", "请求中不能有空字符", "a request has no NUL characters")
