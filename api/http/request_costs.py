"""What a request costs in tokens of its client's allowance, told by its head alone.

One token is worth some 20 ms of processor time at most (`tests/benchmarks/dearest.py` looks for what is dearer).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qs

from starlette.types import Scope

from ledger.limits import (
    BATCH_BYTES_MAX,
    BATCH_TOKEN_BYTES,
    BATCH_TOKENS_MIN,
    COMPLAINT_TOKENS,
    DESK_ROSTER_BYTES_MAX,
    EVENTS_PAGE_MAX,
    EVENTS_TOKEN_ROWS,
    FOLLOW_TOKENS,
    QUERY_TOKEN_BYTES,
    REQUEST_TOKENS_DEAR,
    ROSTER_TOKEN_BYTES,
    SEARCH_TOKENS,
    SIGN_IN_TOKENS,
    WEBHOOK_TOKENS,
)

__all__ = ["cost_of", "found_first"]

_BATCH: Final = "/entries/batch"
_FEED: Final = "/v1/events"
_QUERIES: Final = frozenset({"/v1/standings/query", "/v1/enterprises/query", "/v1/ctis/query"})
_SEARCHES: Final = frozenset({"/search", "/en/search", "/s", "/en/s", "/v1/enterprises", "/v1/standards"})
# guesses are not worth their time, nor is asking for many keys
_SIGN_IN: Final = frozenset({"/desk/challenge", "/desk/session", "/desk/key/requests"})
_WEBHOOKS: Final = "/v1/webhooks"  # we post to where it says
_FOLLOW: Final = ("/follow", "/desk/notices")  # what is asked for there sends a mail
_COMPLAINTS: Final = ("/complain", "/en/complain")  # what is sent there is kept; a secret is not to be guessed
# Folded, proven or read for each request, whatever is asked for.
_DEAR: Final = frozenset(
    {
        "/v1/standings.ndjson",
        "/v1/outcomes.ndjson",
        "/v1/policies/comparison",
        "/annexes",
        "/v1/attachments",
        "/desk/archive",
        "/en/desk/archive",
        "/desk/log/standing",
        "/en/desk/log/standing",
    }
)
_ROSTERS: Final = frozenset({"/desk/roster", "/en/desk/roster"})  # tables that are handed in
_DEAR_PAGES: Final = ("/e/", "/en/e/")  # they fold the enterprise's history
_DEAR_ENDS: Final = ("/proof", "/evidence", "/certificate.pdf")


def cost_of(scope: Scope) -> int:
    """Tokens, one at least."""
    path: str = scope["path"]
    if path == _BATCH:
        return BATCH_TOKENS_MIN + _length(scope["headers"], BATCH_BYTES_MAX) // BATCH_TOKEN_BYTES
    if path in _ROSTERS and scope["method"] == "POST":
        return REQUEST_TOKENS_DEAR + _length(scope["headers"], DESK_ROSTER_BYTES_MAX) // ROSTER_TOKEN_BYTES
    if path in _QUERIES:
        return 1 + _length(scope["headers"], QUERY_TOKEN_BYTES) // QUERY_TOKEN_BYTES
    if path in _SIGN_IN:
        return SIGN_IN_TOKENS
    if path == _WEBHOOKS and scope["method"] == "POST":
        return WEBHOOK_TOKENS
    if path.startswith(_COMPLAINTS) and scope["method"] == "POST":
        return COMPLAINT_TOKENS
    if path == _FEED or (path.startswith("/v1/") and path.endswith("/events")):
        return 1 + _rows(scope["query_string"]) // EVENTS_TOKEN_ROWS
    if path.endswith(_FOLLOW) and scope["method"] == "POST":
        return FOLLOW_TOKENS
    if path.startswith(_DEAR_PAGES):
        return REQUEST_TOKENS_DEAR
    if path in _DEAR or path.endswith(_DEAR_ENDS) or (b"tree_size=" in scope["query_string"] and "/standing" in path):
        return REQUEST_TOKENS_DEAR
    return SEARCH_TOKENS if path in _SEARCHES else 1


def found_first(scope: Scope) -> bool:
    """Whether it is dear only where what is asked for is not there yet: then its route takes its turn (`take_turn`)."""
    return scope["method"] in ("GET", "HEAD") and scope["path"].startswith(_DEAR_PAGES)


def _length(headers: Iterable[tuple[bytes, bytes]], otherwise: int) -> int:
    """What the request says that its body has; `otherwise` where it does not say, as in a chunked one."""
    for name, value in headers:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return otherwise


def _rows(query: bytes) -> int:
    asked = parse_qs(query.decode("latin-1")).get("limit", ["x"])[-1]
    return (
        min(int(asked), EVENTS_PAGE_MAX) if asked.isascii() and asked.isdigit() and len(asked) < 9 else EVENTS_PAGE_MAX
    )
