"""The whole audit, in order: checkpoints, tree, governing streams, all other streams, facts, what lies beside.

Governing streams come before the others: where one of them is broken, what rests on it is not held against anybody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, Final, NamedTuple

from ledger.audit.checkpoints import CheckpointChain, check_head
from ledger.audit.cosignatures import check_cosignatures
from ledger.audit.disk_index import DiskIndex, Indices
from ledger.audit.findings import AuditFinding, AuditResult, Findings
from ledger.audit.governance_timeline import Timeline
from ledger.audit.known_beforehand import Known, check_charter, compare_known
from ledger.audit.replay_rules import AnnexNamed, AttachmentNamed
from ledger.audit.side_tables import check_annexes, check_tables
from ledger.audit.sources.source import AuditSource, Sources, StreamRange
from ledger.audit.streams import Job, PartDone, Shared, StreamChecks, do_part, work_on
from ledger.audit.tree import check_tree
from ledger.audit.unique_facts import FactFiles, compare_facts
from ledger.limits import PART_ENTRIES_MAX, PARTS_PER_PROCESS_MIN
from ledger.parallel.engine import Engine
from ledger.tlog.hashing import EMPTY_ROOT
from ledger.verifier import Trust

__all__ = ["AuditWorkers", "FurtherChecks", "Progress", "WholeCheck", "run_audit"]

_BREAKING: Final = ("entry.altered", "entry.signature", "entry.form", "entry.content", "entry.missing", "entry.rule")

Progress = Callable[[str, int, int], None]  # what, done, in all
WholeCheck = Callable[[AuditSource, Timeline, CheckpointChain, Findings, Callable[[int], bool]], None]
"""Compares something that is not of one stream. The last argument: whether an entry is one to rely on."""


class AuditWorkers(NamedTuple):
    """Processes that audit streams side by side, each over its own opening of the source."""

    engine: Engine
    sources: Sources


class FurtherChecks(NamedTuple):
    """What is compared beside what is in the log itself: of each stream, and of the whole."""

    of_streams: Sequence[StreamChecks] = ()
    of_whole: Sequence[WholeCheck] = ()


def run_audit(
    source: AuditSource,
    trust: Trust,
    *,
    workers: AuditWorkers | None = None,
    known: Known = Known(),  # noqa: B008  (a value)
    checks: FurtherChecks = FurtherChecks(),  # noqa: B008  (likewise)
    progress: Progress = lambda what, done, total: None,
) -> AuditResult:
    """Audit everything that the source shows. Without `workers`: in this process, on its connection alone.

    Raises `Unavailable`, `Misconfigured`, `Malformed`, `Refuted` where it could not be completed.
    """
    run = _Run(source, trust, workers, known, checks, progress)
    with ExitStack() as stack:
        return run.all(stack)


class _Run:
    def __init__(
        self,
        source: AuditSource,
        trust: Trust,
        workers: AuditWorkers | None,
        known: Known,
        checks: FurtherChecks,
        progress: Progress,
    ) -> None:
        self._source = source
        self._trust = trust
        self._workers = workers
        self._known = known
        self._checks = checks
        self._progress = progress
        self._findings = Findings()
        self._outcome = AuditResult(trust.origin, tables=source.tables)
        self._annexes = DiskIndex(AnnexNamed)
        self._gone: dict[bytes, int] = {}  # annexes that were taken down, by which entry: they are few
        self._attachments = DiskIndex(AttachmentNamed)
        self._closed = Indices()

    def all(self, stack: ExitStack) -> AuditResult:
        began = time.monotonic()
        stack.enter_context(self._annexes)
        stack.enter_context(self._attachments)
        if self._workers is not None:
            self._workers.engine.prepare(do_part)  # meanwhile checkpoints and tree are checked here
        source, findings, outcome = self._source, self._findings, self._outcome
        chain = self._chain()
        asked = [head.size for head in self._known.heads] + ([self._known.audited.size] if self._known.audited else [])
        end = chain.sizes[-1] if chain.sizes else 0
        self._progress("tree", 0, end)
        tree = check_tree(source, chain, findings, [size for size in asked if size <= end])
        self._progress("tree", end, end)
        verified_below = compare_known(self._known, tree, end, findings)
        timeline = Timeline(source.governing())
        charter_size = check_charter(source, self._trust, chain, timeline, findings)
        outcome.size, outcome.checkpoints, outcome.signatures = end, len(chain.sizes), chain.signatures
        outcome.note = chain.note
        outcome.root = chain.root(len(chain.sizes) - 1).hex() if chain.sizes else EMPTY_ROOT.hex()
        outcome.resumed_from = verified_below
        outcome.timed = self._timed(chain)
        job = Job(
            self._trust.origin,
            chain.heads(),
            charter_size,
            outcome.timed,
            verified_below,
            frozenset(tree.suspects),
            tuple(self._checks.of_streams),
        )
        with FactFiles() as made:
            broken_at = self._streams(job, timeline, made, end)
            outcome.facts = made.count
            self._facts(made)
        check_annexes(source, self._annexes, self._gone, findings)
        check_cosignatures(source, chain, self._trust, findings)
        if source.tables:
            check_tables(source.connection, timeline, self._attachments, findings)
        for check in self._checks.of_whole:
            check(source, timeline, chain, findings, lambda index: broken_at is None or index < broken_at)
        outcome.findings, outcome.notices = sorted(findings.findings, key=_order), sorted(findings.notices, key=_order)
        outcome.counts, outcome.notice_counts = dict(findings.counts), dict(findings.notice_counts)
        outcome.seconds = time.monotonic() - began
        return outcome

    def _chain(self) -> CheckpointChain:
        chain = CheckpointChain(self._findings)
        chain.take(check_head(row, self._trust, self._findings) for row in self._source.checkpoints())
        return chain

    def _timed(self, chain: CheckpointChain) -> bool:
        """Whether it is known of every entry when it was recorded. A database says so even where checkpoints are gone.

        Where one is not, refusals that may rest on dates cannot be told from others.
        """
        timed = self._source.tables or (self._source.timed and not chain.gaps)
        if not timed:
            self._findings.note("time_unknown")
        return timed

    def _streams(self, job: Job, timeline: Timeline, made: FactFiles, end: int) -> int | None:
        """All streams; the first governing entry that is broken, if one is."""
        broken_at = self._broken_before(timeline)
        done = 0
        for governing in (True, False):
            parts = self._source.parts(governing, self._parts(end))
            for finished in self._done(timeline, job, parts, broken_at):
                done += finished.entries
                self._take(finished, made)
                self._progress("entries", done, end)
            if governing:
                broken = self._findings.entries_with(_BREAKING) & set(self._governing_of(parts))
                broken_at = min((*broken, *(() if broken_at is None else (broken_at,))), default=None)
        return broken_at

    def _parts(self, end: int) -> int:
        """In how many parts: enough for all workers to end together, and for what comes of each to stay small."""
        processes = 0 if self._workers is None else self._workers.engine.processes
        return max(processes * PARTS_PER_PROCESS_MIN, -(-end // PART_ENTRIES_MAX), 1)

    def _broken_before(self, timeline: Timeline) -> int | None:
        """From where on nothing is held against anybody: of a published log nobody knows whose a lost entry was."""
        missing = () if self._source.tables else self._findings.entries_with(("entry.missing",))
        broken = () if timeline.broken_at is None else (timeline.broken_at,)
        return min((*missing, *broken), default=None)

    def _governing_of(self, parts: Sequence[StreamRange]) -> Iterator[int]:
        """Entries that other findings may be about: only where there are any is it worth reading them again."""
        if self._findings.entries_with(_BREAKING):
            for row in self._source.governing():
                yield row.index
            # One that is missing might have been a governing one: nobody can tell.
            yield from self._findings.entries_with(("entry.missing",))

    def _done(
        self, timeline: Timeline, job: Job, parts: Sequence[StreamRange], broken_at: int | None
    ) -> Iterator[PartDone]:
        """In the order of the parts, so that what is kept of many findings is the same however the log is cut."""
        if self._workers is None:
            return (work_on(self._source, timeline, job, part, broken_at) for part in parts)
        engine, sources = self._workers
        return engine.run(do_part, Shared(sources, timeline, job, broken_at), parts)

    def _take(self, done: PartDone, made: FactFiles) -> None:
        outcome = self._outcome
        outcome.entries += done.entries
        outcome.signatures += done.signatures
        outcome.bodies += done.bodies
        outcome.judged += done.judged
        made.add(done.facts)
        for annex in done.annexes:
            self._annexes.put(annex.digest, annex)
        self._gone.update((one.digest, one.index) for one in done.gone)
        for attachment in done.attachments:
            self._attachments.put(attachment.id.encode(), attachment)
        for index in done.closed:
            self._closed.add(index)
        self._findings.take(done.found, done.noted)

    def _facts(self, made: FactFiles) -> None:
        source, suspects = self._source, self._findings.entries_with(_BREAKING)
        if not source.tables:
            compare_facts(made, None, self._findings, name_of=_hex, closed=set(), unsound=lambda index: False)
            return
        compare_facts(
            made,
            source.facts(),
            self._findings,
            name_of=source.fact_named,
            closed=self._closed,
            unsound=lambda index: index in suspects,
        )


def _hex(digest: bytes) -> str:
    return digest.hex()


def _order(finding: AuditFinding) -> tuple[Any, ...]:
    return finding.entry is None, finding.entry or 0, finding.size or 0, finding.code, finding.row or ""
