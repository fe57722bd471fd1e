"""Streams, entry by entry: form, key, signature, columns, body, entitlement and rules, each at its position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger.audit.context import AuditContext
from ledger.audit.replay_rules import BREAKS, Judge, Stream
from ledger.audit.sources.source import EntryFound
from ledger.audit.stream_reader import Read, read_stream
from ledger.cose.statement import SEALED_TOPIC, VerifiedStatement, verify_statement
from ledger.domain.events.base import Closed, Recorded
from ledger.domain.events.party import TrustAnchorsEstablished
from ledger.domain.events.pledge import PledgePublished
from ledger.domain.rules.party_conditions import usable_key
from ledger.domain.state.fold import fold
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import is_governing
from ledger.errors import Malformed, Refused, Refuted
from ledger.keys.algorithms import PublicKey, decode_key

__all__ = ["StreamAuditor"]


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
        recorded = Recorded(
            row.index,
            row.subject,
            version,
            one.recorded_at,
            statement.statement_id,
            statement.issuer,
            statement.kid,
            statement.iat,
            statement.sealed,
            one.event if one.event is not None else Closed(statement.commitment or b""),
        )
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
