"""What is done with a part of an audit, in whatever process: check its streams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from ledger.audit.context import AuditContext, Heads
from ledger.audit.findings import Findings, Remarked
from ledger.audit.governance_timeline import Timeline
from ledger.audit.replay_rules import AnnexGone, AnnexNamed, AttachmentNamed, Stream
from ledger.audit.sources.source import AuditSource, Sources, StreamRange
from ledger.audit.streams import StreamAuditor

__all__ = ["Job", "PartDone", "Shared", "StreamCheck", "StreamChecks", "do_part", "work_on"]


class StreamCheck(Protocol):
    """What another layer compares a stream with: the rows of projections, standings that are served."""

    def take(self, stream: Stream, findings: Findings) -> None:
        """One more stream of the part."""

    def finish(self, findings: Findings) -> None:
        """The part is over."""


StreamChecks = Callable[[AuditSource, Timeline], StreamCheck]
"""Makes a check in each worker process: a function of a module, or a picklable object."""


class Job(Struct, frozen=True):
    """What all parts of an audit have in common. Picklable."""

    origin: str
    heads: Heads
    charter_size: int
    timed: bool
    verified_below: int
    suspects: frozenset[int]
    checks: tuple[StreamChecks, ...]


class PartDone(Struct, frozen=True):
    """What came out of a part."""

    entries: int
    signatures: int
    bodies: int
    judged: int
    facts: bytes
    annexes: list[AnnexNamed]
    gone: list[AnnexGone]
    attachments: list[AttachmentNamed]
    closed: list[int]
    found: Remarked
    noted: Remarked


def work_on(
    source: AuditSource, timeline: Timeline, job: Job, part: StreamRange, rules_broken_at: int | None
) -> PartDone:
    """Check all streams of a part."""
    findings = Findings()
    setting = AuditContext(
        job.origin,
        timeline,
        job.heads,
        findings,
        job.charter_size,
        job.timed,
        job.verified_below,
        job.suspects,
        rules_broken_at,
    )
    auditor = StreamAuditor(setting)
    checks: Sequence[StreamCheck] = [] if part.governing else [make(source, timeline) for make in job.checks]
    for rows in source.streams(part):
        stream = auditor.stream(rows[0].subject, rows)
        for check in checks:
            check.take(stream, findings)
    for check in checks:
        check.finish(findings)
    found, noted = findings.given()
    judge = auditor.judge
    return PartDone(
        auditor.entries,
        auditor.signatures,
        auditor.bodies,
        judge.judged,
        bytes(judge.facts),
        judge.annexes,
        judge.gone,
        judge.attachments,
        judge.closed_entries,
        found,
        noted,
    )


class Shared(Struct, frozen=True):
    """What the parts are worked on with elsewhere: all that a process needs but the part. Picklable."""

    sources: Sources
    timeline: Timeline
    job: Job
    rules_broken_at: int | None


def do_part(shared: Shared, part: StreamRange) -> PartDone:
    """See `work_on`: over an opening of the source of its own, which ends with the part."""
    source = shared.sources.open()
    try:
        return work_on(source, shared.timeline, shared.job, part, shared.rules_broken_at)
    finally:
        source.close()
