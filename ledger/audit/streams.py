"""Streams, entry by entry: form, key, signature, columns, body, entitlement and rules, each at its position.

`StreamAuditor` checks one stream after the other; `do_part` all those of a part of the log, in whatever process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from ledger.audit.checkpoints import Heads
from ledger.audit.findings import Findings, Remarked
from ledger.audit.governance_timeline import Timeline
from ledger.audit.replay_rules import BREAKS, AnnexGone, AnnexNamed, AttachmentNamed, Judge, Stream
from ledger.audit.sources.source import AuditSource, EntryFound, Sources, StreamRange
from ledger.audit.stream_reader import AuditContext, Read, read_stream
from ledger.cose.statement import SEALED_TOPIC, VerifiedStatement, verify_statement
from ledger.domain.events.base import Closed
from ledger.domain.events.party import TrustAnchorsEstablished
from ledger.domain.events.pledge import PledgePublished
from ledger.domain.rules.party_conditions import usable_key
from ledger.domain.state.fold import fold
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import is_governing
from ledger.errors import Malformed, Refused, Refuted
from ledger.keys.algorithms import PublicKey, decode_key

__all__ = ["Job", "PartDone", "Shared", "StreamAuditor", "StreamCheck", "StreamChecks", "do_part", "work_on"]


class StreamAuditor:
    """Checks one stream after the other. What is gathered on the way is for whoever compares it with tables."""

    def __init__(self, setting: AuditContext) -> None:
        self._setting = setting
        self._findings = setting.findings
        self.judge = Judge(setting)
        self.entries = self.signatures = self.bodies = 0

    def stream(self, subject: str, rows: Sequence[EntryFound]) -> Stream:
        """Check a whole stream; what it adds up to."""
        rows = self._own(sorted(rows, key=lambda row: row.index))
        read = read_stream(rows, self._setting)
        self.entries += len(rows)
        self.bodies += read.bodies
        self.judge.closed_entries += read.closed
        stream = Stream(subject, [], read.sound)
        published = self._published_together(read.entries)
        expected = 0
        for place, one in enumerate(read.entries):
            following = rows[place + 1] if place + 1 < len(rows) else None
            expected = self._version(one.row, expected, following, stream)
            if one.row.index in self._setting.suspects:
                stream.sound = False
            self._entry(one, stream, expected, published)
        if rows and not self._setting.rules_hold(rows[-1].index):
            stream.sound = False
        if stream.record is not None:
            self.judge.over(stream.record)
        return stream

    def _own(self, rows: list[EntryFound]) -> list[EntryFound]:
        """Without entries that are listed twice."""
        own: list[EntryFound] = []
        for row in rows:
            if own and own[-1].index == row.index:
                continue  # said of the table as a whole
            own.append(row)
        return own

    def _published_together(self, read: Sequence[Read]) -> dict[str, int]:
        """Pledges by statement id that are published here, and the place of the checkpoint that covers that."""
        covering = self._setting.heads.covering
        return {one.event.pledge: covering(one.row.index) for one in read if isinstance(one.event, PledgePublished)}

    def _version(self, row: EntryFound, before: int, following: EntryFound | None, stream: Stream) -> int:
        expected = before + 1
        if not row.kept or row.version == expected:
            return expected
        goes_on = following is None or following.version == (row.version or 0) + 1
        if row.version is not None and row.version > expected and goes_on:
            self._findings.add(
                "stream.gap", f"version {row.version} after {before}", entry=row.index, subject=row.subject
            )
            stream.sound = False
            return row.version
        self._findings.add(
            "entry.columns", f"version is {row.version}, not {expected}", entry=row.index, subject=row.subject
        )
        return expected

    def _entry(self, one: Read, stream: Stream, version: int, published: Mapping[str, int]) -> None:
        row, statement = one.row, one.statement
        self._topic(one)
        if statement.audience != self._setting.origin:
            self._findings.add("entry.audience", statement.audience, entry=row.index, subject=row.subject)
        verified = self._signature(one, stream)
        event = one.event if one.event is not None else Closed(statement.commitment or b"")
        recorded = statement.recorded(event, index=row.index, version=version, recorded_at=one.recorded_at)
        if one.event is not None:
            self.judge.entry(one, verified, stream, recorded, published)
        if self._setting.timeline.disputed(statement.kid, row.index, one.recorded_at):
            self._findings.note("disputed", statement.kid.hex(), entry=row.index, subject=row.subject)
        if is_governing(row.subject):
            return
        stream.events.append(recorded)
        try:
            stream.record = fold(stream.record, (recorded,))
        except BREAKS as error:
            if stream.sound:
                self._findings.add("entry.rule", f"cannot be folded: {error!r}", entry=row.index, subject=row.subject)
            stream.sound = False

    def _topic(self, one: Read) -> None:
        row = one.row
        if not row.kept or one.event is None:
            return
        topic = SEALED_TOPIC if one.statement.sealed else type(one.event).__name__
        if row.topic != topic:
            self._findings.add(
                "entry.columns", f"topic is {row.topic}, not {topic}", entry=row.index, subject=row.subject
            )

    def _signature(self, one: Read, stream: Stream) -> VerifiedStatement | None:
        """The statement, if its signature was checked and holds."""
        statement, index = one.statement, one.row.index
        try:
            key: PublicKey | None
            if index == 0 and isinstance(one.event, TrustAnchorsEstablished):
                key = decode_key(bytes.fromhex(one.event.root_key))
            else:
                self._usable(one, stream)
                key = self._setting.timeline.public_key(statement.kid)
            if key is None or index < self._setting.verified_below:
                return None
            self.signatures += 1
            return verify_statement(statement, key)
        except (Refuted, Malformed) as error:
            self._findings.add("entry.signature", str(error), entry=index, subject=statement.subject)
            stream.sound = False
            return None

    def _usable(self, one: Read, stream: Stream) -> None:
        statement, index = one.statement, one.row.index
        try:
            usable_key(one.governance, statement.kid, statement.issuer, shanghai_date(one.recorded_at))
        except Refused as refusal:
            if self._setting.rules_hold(index) and (self._setting.timed or refusal.rule != "key.not_valid_today"):
                self._findings.add("entry.key", str(refusal), entry=index, subject=statement.subject)
                stream.sound = False
            else:
                self._findings.note("not_judged", str(refusal), entry=index, subject=statement.subject)


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
