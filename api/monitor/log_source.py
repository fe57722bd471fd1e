"""A log as files over HTTP (C2SP tlog-tiles): the service itself, a mirror, any static file server.

Nothing that comes from here has been checked. Answers are read no further than the longest that makes sense.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Final, Self

import httpx

from ledger.cose.receipts import RECEIPT_FILE_BYTES_MAX, decode_receipts, receipts_path
from ledger.errors import LedgerError, Malformed, NotFound, Unavailable
from ledger.limits import (
    ANNEX_BYTES_MAX,
    BODY_BYTES_MAX,
    CHECKPOINT_BYTES_MAX,
    EVIDENCE_BYTES_MAX,
    FOLLOW_TRIES_MAX,
    FOLLOW_WAIT_SECONDS_MAX,
    RECEIPT_BYTES_MAX,
    STATEMENT_BYTES_MAX,
    TILE_WIDTH,
    TLOG_PROOF_BYTES_MAX,
    TRUST_BYTES_MAX,
)
from ledger.tlog.hashing import HASH_BYTES
from ledger.tlog.tiles import bundle_path, decode_bundle, tile_path

__all__ = ["EVIDENCE_PATH", "TRUST_PATH", "LogSource", "annex_path"]

EVIDENCE_PATH: Final = "entries/0/evidence"
TRUST_PATH: Final = ".well-known/credit-ledger-trust.json"
_BUNDLE_BYTES_MAX: Final = TILE_WIDTH * (STATEMENT_BYTES_MAX + 2)
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_GONE: Final = frozenset({404, 410})
_SECONDS: Final = re.compile("[0-9]{1,6}")


def annex_path(digest: bytes) -> str:
    """Where a public file that an entry names by SHA-256 is."""
    return f"annexes/{digest.hex()}"


class LogSource:
    """Thread-safe. Every method may raise `Unavailable` (after some tries), `NotFound`, `Malformed` (too long)."""

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = 20.0,
        newest: bool = False,
        tries_max: int = FOLLOW_TRIES_MAX,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """`newest`: what a service itself knows, where it shows others what is published already."""
        if not url.startswith(("http://", "https://")):
            raise Malformed(f"not the address of a log: {url[:200]!r} (http://… or https://…)")
        self.url = url
        self._tries_max = tries_max
        self._sleep = sleep
        # Both ask caches on the way to look again (RFC 9111 §5.2.1); the first also what the service has for one.
        self._control = "no-cache" if newest else "max-age=0"
        try:
            # Compressed answers are not asked for: a small one may unpack into one that fills the memory.
            self._http = httpx.Client(
                base_url=url, timeout=timeout_seconds, follow_redirects=False, headers={"Accept-Encoding": "identity"}
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise Malformed(f"not the address of a log: {url[:200]!r} ({error})") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def checkpoint(self) -> bytes:
        """The newest checkpoint that is shown; caches on the way are asked to look again."""
        return self._get("checkpoint", CHECKPOINT_BYTES_MAX)

    def proof(self) -> bytes:
        """The tlog-proof of entry 0: it carries the newest checkpoint that has the log's quorum of witnesses."""
        return self._get("entries/0/proof", TLOG_PROOF_BYTES_MAX)

    def evidence(self) -> bytes:
        """What the root said, among that of the log's own keys; static copies have it once those were succeeded."""
        return self._get(EVIDENCE_PATH, EVIDENCE_BYTES_MAX)

    def trust(self) -> bytes:
        """The log's own trust file."""
        return self._get(TRUST_PATH, TRUST_BYTES_MAX)

    def tile(self, level: int, number: int, width: int) -> bytes:
        """The first `width` hashes of a tile. Once it is full, only the full tile may be left (tlog-tiles)."""
        try:
            return self._get(tile_path(level, number, width), width * HASH_BYTES)
        except NotFound:
            if width == TILE_WIDTH:
                raise
            return self._get(tile_path(level, number), TILE_WIDTH * HASH_BYTES)[: width * HASH_BYTES]

    def bundle(self, number: int, width: int) -> list[bytes]:
        """The first `width` entries of a bundle (fewer if it has no more), from the full one if only that is left."""
        try:
            return decode_bundle(self._get(bundle_path(number, width), _BUNDLE_BYTES_MAX))
        except NotFound:
            if width == TILE_WIDTH:
                raise
            return decode_bundle(self._get(bundle_path(number), _BUNDLE_BYTES_MAX))[:width]

    def annex(self, digest: bytes) -> bytes:
        """A public file that an entry names."""
        return self._get(annex_path(digest), ANNEX_BYTES_MAX)

    def receipt(self, index: int) -> bytes:
        """The canonical receipt of an entry; static copies have them by the file."""
        return self._get(f"entries/{index}", RECEIPT_BYTES_MAX)

    def receipts(self, number: int, width: int) -> list[bytes]:
        """The receipts that belong to the first `width` entries of a bundle, or to more; services have single ones."""
        try:
            return decode_receipts(self._get(receipts_path(number, width), RECEIPT_FILE_BYTES_MAX))
        except NotFound:
            if width == TILE_WIDTH:
                raise
            return decode_receipts(self._get(receipts_path(number), RECEIPT_FILE_BYTES_MAX))

    def file(self, path: str) -> bytes | None:
        """Whatever is at a path, up to the length of the longest entry bundle; None where there is nothing."""
        try:
            return self._get(path, _BUNDLE_BYTES_MAX)
        except NotFound:
            return None

    def body(self, index: int) -> bytes:
        """The body of a sealed entry, while it is public; static copies have none."""
        return self._get(f"entries/{index}/body", BODY_BYTES_MAX)

    def _get(self, path: str, bytes_max: int) -> bytes:
        problem: LedgerError = Unavailable(f"{self.url} was not asked")
        for attempt in range(self._tries_max):
            wait = min(2.0**attempt / 4, FOLLOW_WAIT_SECONDS_MAX)
            try:
                with self._http.stream("GET", path, headers={"Cache-Control": self._control}) as answer:
                    if answer.status_code == httpx.codes.OK:
                        return _bounded(answer, path, bytes_max)
                    if answer.status_code in _GONE:
                        raise NotFound(f"{self.url} has no {path}")
                    problem = Unavailable(f"{self.url} answered {answer.status_code} to {path}")
                    if answer.status_code not in _AGAIN:
                        raise problem
                    wait = _asked_to_wait(answer) or wait
            except (httpx.HTTPError, httpx.StreamError) as error:
                problem = Unavailable(f"{self.url} did not answer: {error!r:.200}")
            if attempt + 1 < self._tries_max:
                self._sleep(wait)
        raise problem


def _bounded(answer: httpx.Response, path: str, bytes_max: int) -> bytes:
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise Malformed(f"{path} came compressed, which was not asked for")
    content = bytearray()
    for chunk in answer.iter_raw():
        content += chunk
        if len(content) > bytes_max:
            raise Malformed(f"{path} is longer than {bytes_max:,} bytes")
    return bytes(content)


def _asked_to_wait(answer: httpx.Response) -> float | None:
    """Seconds that `Retry-After` asks for, bounded; None if it says none (RFC 9110 §10.2.3, the form in seconds)."""
    text = answer.headers.get("Retry-After", "").strip()
    return min(float(text), FOLLOW_WAIT_SECONDS_MAX) if _SECONDS.fullmatch(text) else None
