"""What an audit is about: a database, a service or a mirror over HTTP, or a folder or bucket that `mirror` filled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from api.monitor.log_source import EVIDENCE_PATH
from api.monitor.log_source import LogSource as Served
from ledger.audit import AuditSource
from ledger.audit.sources.database_source import DatabaseSource
from ledger.audit.sources.published import Fetch, PublishedSource, TargetFetch
from ledger.audit.sources.source import Sources
from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.events.party import TrustAnchorsEstablished, TrustAnchorsSucceeded
from ledger.domain.state.party import ROOT_PARTY
from ledger.errors import LedgerError, Malformed, Refuted, Uncheckable
from ledger.parallel.engine import Engine, Here
from ledger.tlog.checkpoint import VerifiedCheckpoint, open_checkpoint
from ledger.verifier import Trust, TrustFile, parse_trust
from ledger.verifier.formats.evidence import parse_evidence
from ledger.verifier.succession import renewed

__all__ = ["Opened", "open_database", "open_published"]

_TRUST: Final = ".well-known/credit-ledger-trust.json"
_WITNESSED: Final = "witnessed/checkpoint"


class Opened(NamedTuple):
    """A source, how workers open it, whom to believe, and whether that was given rather than taken from the source.

    `shown`: further checkpoints that the source shows, signed by the log.
    """

    source: AuditSource
    sources: Sources
    trust: Trust
    trusted: bool
    shown: tuple[VerifiedCheckpoint, ...] = ()


def open_database(conninfo: str, trust: Trust | None) -> Opened:
    """In one snapshot. Without a trust file the keys are those that entry 0 names. Raises `Uncheckable`.

    Successions of those keys are taken from the entries that announce them: the audit judges these like all others.
    """
    source, snapshot = DatabaseSource.begin(conninfo)
    believed = trust or _anchored(source)
    for found in source.governing():
        statement = parse_statement(found.statement)
        if statement.subject == ROOT_PARTY and not statement.sealed:
            event = decode_event(statement)
            if isinstance(event, TrustAnchorsSucceeded):
                believed = believed.succeeded(event)
    return Opened(source, snapshot, believed, trust is not None)


def open_published(
    place: str,
    trust: Trust | None,
    progress: Callable[[int, int], None],
    engine: Engine | None = None,
    scratch: Path | None = None,
) -> Opened:
    """A URL, a folder or a bucket. Everything is fetched now, into a folder below `scratch`.

    `engine` fetches from folders and buckets; a service is asked by this process alone. Raises `Unavailable`,
    `Uncheckable`, `Refuted`, `Malformed`, `Misconfigured`.
    """
    with ExitStack() as stack:
        fetch: Fetch
        if place.startswith(("http://", "https://")):
            fetch, engine = _http(stack.enter_context(Served(place.rstrip("/") + "/"))), None
        else:
            fetch = TargetFetch(place)
        own = fetch(_TRUST) if trust is None else None
        believed = trust if own is None else parse_trust(own)
        if believed is None:
            raise Uncheckable(f"{place} shows no trust file, and none was given (--trust)")
        # The one with a quorum first: what is shown after it cannot be older.
        witnessed = None if believed.quorum is None else fetch(_WITNESSED)
        note = fetch("checkpoint")
        if note is None:
            raise Uncheckable(f"{place} shows no checkpoint")
        notes = [note] if witnessed is None else [witnessed, note]
        believed = _renewed(fetch, notes, believed)
        heads = [_opened(place, one, believed) for one in notes]
        source = PublishedSource.of(fetch, notes, stack.pop_all().close)
    try:
        laid_out = source.begin(believed, progress, engine or Here(), scratch)
    except BaseException:
        source.close()
        raise
    return Opened(source, laid_out, believed, trust is not None, tuple(heads[:-1]))


def _renewed(fetch: Fetch, notes: Sequence[bytes], trust: Trust) -> Trust:
    """Where no known key signed what is shown: with the keys that the log's root says succeeded them."""
    try:
        for note in notes:
            open_checkpoint(note, *trust.vkeys_of(note), origin=trust.origin)
    except Refuted:
        evidence = fetch(EVIDENCE_PATH)
        if evidence is not None:
            return renewed(trust, parse_evidence(evidence))
    return trust


def _opened(place: str, note: bytes, trust: Trust) -> VerifiedCheckpoint:
    try:
        return open_checkpoint(note, *trust.vkeys_of(note), origin=trust.origin)
    except LedgerError as error:
        raise Refuted(f"{place} shows a checkpoint that the trusted log did not sign: {error}") from error


def _http(served: Served) -> Fetch:
    def fetch(path: str) -> bytes | None:
        try:
            return served.file(path)
        except Malformed:
            return b""  # longer than anything can be: it is none of what it should be

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
    return parse_trust(TrustFile.of_log(event, (), charter.root).format())
