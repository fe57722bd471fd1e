"""What an audit is about: a database, a service or a mirror over HTTP, or a folder that `mirror` filled."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

import httpx
import msgspec

from ledger.audit.database import DatabaseSource
from ledger.audit.published import Fetch, PublishedSource
from ledger.audit.source import Source, Sources
from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.party import TrustAnchorsEstablished
from ledger.errors import Malformed, Unavailable, Uncheckable
from ledger.keys.algorithms import decode_key
from ledger.tlog.checkpoint import open_checkpoint
from ledger.verifier.trust import Trust, TrustedKey, TrustFile, parse_trust

__all__ = ["Opened", "open_database", "open_published"]

_TRUST: Final = ".well-known/credit-ledger-trust.json"
_TRIES: Final = 4
_ALG: Final = {"ed25519": -8, "p256": -7}


class Opened(NamedTuple):
    """A source, how workers open it, whom to believe, and whether that was given rather than taken from the source."""

    source: Source
    sources: Sources
    trust: Trust
    trusted: bool


def open_database(conninfo: str, trust: Trust | None) -> Opened:
    """In one snapshot. Without a trust file the keys are those that entry 0 names. Raises `Uncheckable`."""
    source, snapshot = DatabaseSource.begin(conninfo)
    return Opened(source, snapshot, trust or _anchored(source), trust is not None)


def open_published(place: str, trust: Trust | None, progress: Callable[[int, int], None]) -> Opened:
    """A URL, or a folder. Everything is fetched here. Raises `Unavailable`, `Uncheckable`, `Refuted`, `Malformed`."""
    with ExitStack() as stack:
        if place.startswith(("http://", "https://")):
            limits = httpx.Limits(max_connections=16)
            client = stack.enter_context(httpx.Client(base_url=place.rstrip("/") + "/", timeout=30, limits=limits))
            fetch = _http(client)
        else:
            fetch = _folder(Path(place))
        note = fetch("checkpoint")
        own = fetch(_TRUST) if trust is None else None
        if note is None or (trust is None and own is None):
            raise Uncheckable(f"{place} shows no checkpoint, or no trust file and none was given (--trust)")
        believed = trust or parse_trust(own or b"")
        head = open_checkpoint(note, *believed.checkpoint_vkeys, origin=believed.origin)
        source = PublishedSource(fetch, head, end=stack.pop_all().close)
    try:
        laid_out = source.begin(note, progress)
    except BaseException:
        source.close()
        raise
    return Opened(source, laid_out, believed, trust is not None)


def _http(client: httpx.Client) -> Fetch:
    host = client.base_url.host

    def fetch(path: str) -> bytes | None:
        for _ in range(_TRIES):
            try:
                answer = client.get(path)
            except httpx.HTTPError as error:
                failed = f"{host}: {error}"
                continue
            if answer.status_code in (404, 410):
                return None
            if answer.status_code == 200:
                return answer.content
            failed = f"{host}: {answer.status_code} for {path}"
        raise Unavailable(failed)

    return fetch


def _folder(folder: Path) -> Fetch:
    def fetch(path: str) -> bytes | None:
        file = folder / path
        return file.read_bytes() if file.is_file() else None

    return fetch


def _anchored(source: DatabaseSource) -> Trust:
    """What the log says of itself: enough to see whether it hangs together, not whether it is the right one."""
    first = next(iter(source.governing()), None)
    charter = next(source.checkpoints(), None)
    if first is None or charter is None or first.index != 0:
        raise Uncheckable("the book is empty or has no entry 0, and no trust file was given (--trust)")
    event = decode_event(parse_statement(first.statement))
    if not isinstance(event, TrustAnchorsEstablished):
        raise Malformed("entry 0 establishes no trust anchors, and no trust file was given (--trust)")
    receipt, standing = (decode_key(bytes.fromhex(key)) for key in (event.receipt_key, event.standing_key))
    file = TrustFile(
        origin=event.origin,
        checkpoint_vkeys=(event.checkpoint_vkey,),
        receipt_keys=(TrustedKey.of(receipt, _ALG[receipt.kind]),),
        standing_keys=(TrustedKey.of(standing, _ALG[standing.kind]),),
        charter=charter.root.hex(),
    )
    return parse_trust(msgspec.json.encode(file))
