"""Streams, entry by entry: form, key, signature, columns, body, entitlement and rules, each at its position.

An entry is judged by the very code that registered it, with the record that the entries before it give. Where one of
them is broken, or its body is not there, a refusal proves nothing: it is noted, not found.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import astuple

from ledger.audit.bodies import check_body
from ledger.audit.facts import OPTIONAL, fact_record
from ledger.audit.findings import Findings
from ledger.audit.source import EntryFound
from ledger.audit.timeline import Timeline
from ledger.cose.statement import (
    SEALED_TOPIC,
    Statement,
    VerifiedStatement,
    decode_event,
    parse_statement,
    verify_statement,
)
from ledger.domain.attachment_rules import ATTACHMENTS
from ledger.domain.catalogue import SPECS
from ledger.domain.dates import shanghai_date
from ledger.domain.event import Closed, Event, Recorded
from ledger.domain.folding import fold
from ledger.domain.mark import MarkLicensed, MarkSeed
from ledger.domain.party import TrustAnchorsEstablished
from ledger.domain.party_rules import usable_key
from ledger.domain.payload import decode_body
from ledger.domain.pledge import PledgeMade, PledgePublished
from ledger.domain.record import EnterpriseRecord
from ledger.domain.repudiation import BodyErased
from ledger.domain.subject import is_enterprise, is_governing, own_party
from ledger.errors import LedgerError, Malformed, Refused, Refuted
from ledger.keys.algorithms import PublicKey, decode_key
from ledger.limits import COMMIT_SECONDS_MAX, IAT_AHEAD_SECONDS_MAX
from ledger.marks import check_serials
from ledger.registration import Candidate, Judgement, MissingBody, content_of, judge
from ledger.store.port import Fact

__all__ = ["AnnexNamed", "AttachmentNamed", "Heads", "Stream", "StreamAuditor"]

_ARRIVAL_SECONDS_MAX: Final = int(COMMIT_SECONDS_MAX) + 60  # between arrival and recording, if nothing has to wait
_SEALED_SIGNERS: Final = [spec for spec in SPECS.values() if spec.form != "open"]
_BREAKS: Final = (KeyError, LookupError, TypeError, AttributeError, ValueError, AssertionError)


class Heads(Struct, frozen=True):
    """Sizes and times of all checkpoints, for looking up by which one an entry was first covered."""

    sizes: array[int]
    times: array[int]
    gaps: tuple[tuple[int, int], ...] = ()  # entries [start, stop) whose checkpoint is missing: their time is not known

    def known(self, index: int) -> bool:
        """Whether the checkpoint that first covered the entry is there."""
        return not any(start <= index < stop for start, stop in self.gaps)

    def covering(self, index: int) -> int:
        """The place of the first checkpoint that covers the entry; the last one for entries that none covers."""
        return min(bisect_right(self.sizes, index), len(self.sizes) - 1)

    def time(self, index: int) -> int:
        return self.times[self.covering(index)]


class AnnexNamed(Struct, frozen=True):
    """An annex as an entry names it."""

    digest: bytes
    index: int
    media_type: str
    bytes: int


class AttachmentNamed(Struct, frozen=True):
    """An attachment as its stream has it."""

    id: str
    index: int
    subject: str
    commitment: str
    media_type: str
    size_bytes: int
    issuer: str
    erased: bool


class Stream(Struct):
    """What a stream adds up to. `sound`: nothing in it, or before it in the governing streams, is broken."""

    subject: str
    events: list[Recorded]
    sound: bool
    record: EnterpriseRecord | None = None
    closed: int = 0


class _Read(Struct):
    """An entry taken apart. `event` is None where it could not be read."""

    row: EntryFound
    statement: Statement
    event: Event | Closed | None
    body: bytes | None
    recorded_at: int


class StreamAuditor:
    """Checks one stream after the other. What is gathered on the way is for whoever compares it with tables."""

    def __init__(
        self,
        origin: str,
        timeline: Timeline,
        heads: Heads,
        findings: Findings,
        *,
        charter_size: int,
        timed: bool,
        verified_below: int = 0,
        suspects: frozenset[int] = frozenset(),
        rules_broken_at: int | None = None,
    ) -> None:
        """`verified_below`: signatures of entries below were verified by an earlier audit of the same tree.
        `suspects`: entries whose bytes are not those of the tree. `rules_broken_at`: the first broken governing entry.
        """
        self._origin = origin
        self._timeline = timeline
        self._heads = heads
        self._findings = findings
        self._charter_size = charter_size
        self._timed = timed
        self._verified_below = verified_below
        self._suspects = suspects
        self._broken_at = rules_broken_at
        self.facts = bytearray()
        self.annexes: list[AnnexNamed] = []
        self.attachments: list[AttachmentNamed] = []
        self.closed_entries: list[int] = []
        self.entries = self.signatures = self.bodies = self.judged = 0

    def stream(self, subject: str, rows: Sequence[EntryFound]) -> Stream:
        """Check a whole stream; what it adds up to."""
        rows = self._own(sorted(rows, key=lambda row: row.index))
        stream = Stream(subject, [], True)
        read = self._read(rows, stream)
        published = self._published_together(read)
        expected = 0
        for place, one in enumerate(read):
            self.entries += 1
            expected = self._version(one.row, expected, rows[place + 1] if place + 1 < len(rows) else None, stream)
            if one.row.index in self._suspects:
                stream.sound = False
            self._entry(one, stream, expected, published)
        if self._broken_at is not None and rows and rows[-1].index > self._broken_at:
            stream.sound = False
        if stream.record is not None:
            self._attachments(stream.record)
        return stream

    def _own(self, rows: list[EntryFound]) -> list[EntryFound]:
        """Without entries that are listed twice."""
        own: list[EntryFound] = []
        for row in rows:
            if own and own[-1].index == row.index:
                continue  # said of the table as a whole
            own.append(row)
        return own

    def _read(self, rows: Sequence[EntryFound], stream: Stream) -> list[_Read]:
        parsed: list[tuple[EntryFound, Statement]] = []
        erased: dict[int, int] = {}
        for row in rows:
            try:
                if row.statement is None:
                    raise Malformed("the statement is gone")
                statement = parse_statement(row.statement)
            except Malformed as error:
                self.entries += 1
                self._findings.add("entry.form", str(error), entry=row.index, subject=row.subject)
                stream.sound = False
                continue
            if statement.subject != row.subject:
                self.entries += 1
                detail = f"originator_id is {row.subject!r}, sub is {statement.subject!r}"
                self._findings.add("entry.columns", detail, entry=row.index, subject=statement.subject)
                self.closed_entries.append(row.index)
                stream.sound = False
                continue
            if row.topic == "BodyErased" or (row.topic != SEALED_TOPIC and b'"BodyErased"' in statement.payload):
                event = _quietly(statement, None)
                if isinstance(event, BodyErased):
                    erased.setdefault(event.entry, row.index)
            parsed.append((row, statement))
        return [self._content(row, statement, erased, stream) for row, statement in parsed]

    def _content(self, row: EntryFound, statement: Statement, erased: Mapping[int, int], stream: Stream) -> _Read:
        event: Event | Closed | None = None
        commitment = statement.commitment
        timed = self._timed and self._heads.known(row.index)
        recorded_at = self._heads.time(row.index) if timed else row.recorded_at or statement.iat
        try:
            if commitment is None:
                event = decode_event(statement)
                text = SPECS[type(event).__name__].text
                named = None if text is None else text(event)
                commitment = None if named is None else bytes.fromhex(named)
        except LedgerError as error:
            self._findings.add("entry.content", str(error), entry=row.index, subject=row.subject)
            stream.sound = False
        before = len(self._findings.findings)
        body = check_body(row, commitment, erased.get(row.index), self._findings)
        if len(self._findings.findings) > before:
            stream.sound = False
        if commitment is not None and body is not None:
            self.bodies += 1
        if row.kept and row.commitment != commitment:
            self._findings.add("entry.columns", "commitment", entry=row.index, subject=row.subject)
        if statement.sealed:
            try:
                event = decode_event(statement, body)
            except LedgerError as error:
                self._findings.add("entry.content", str(error), entry=row.index, subject=row.subject)
                stream.sound = False
        return _Read(row, statement, event, body, recorded_at)

    def _published_together(self, read: Sequence[_Read]) -> dict[str, int]:
        """Pledges by statement id that are published here, and the place of the checkpoint that covers that."""
        return {
            one.event.pledge: self._heads.covering(one.row.index)
            for one in read
            if isinstance(one.event, PledgePublished)
        }

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

    def _entry(self, one: _Read, stream: Stream, version: int, published: Mapping[str, int]) -> None:
        row, statement = one.row, one.statement
        self._topic(one)
        if statement.audience != self._origin:
            self._findings.add("entry.audience", statement.audience, entry=row.index, subject=row.subject)
        self._signature(one, stream)
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
            self._judge(one, stream, recorded, published)
        if self._timeline.disputed(statement.kid, row.index, one.recorded_at):
            self._findings.note("disputed", statement.kid.hex(), entry=row.index, subject=row.subject)
        if is_governing(row.subject):
            return
        stream.events.append(recorded)
        try:
            stream.record = fold(stream.record, (recorded,))
        except _BREAKS as error:
            if stream.sound:
                self._findings.add("entry.rule", f"cannot be folded: {error!r}", entry=row.index, subject=row.subject)
            stream.sound = False

    def _topic(self, one: _Read) -> None:
        row = one.row
        if not row.kept or one.event is None:
            return
        topic = SEALED_TOPIC if one.statement.sealed else type(one.event).__name__
        if row.topic != topic:
            self._findings.add(
                "entry.columns", f"topic is {row.topic}, not {topic}", entry=row.index, subject=row.subject
            )

    def _signature(self, one: _Read, stream: Stream) -> None:
        statement, index = one.statement, one.row.index
        try:
            key: PublicKey | None
            if index == 0 and isinstance(one.event, TrustAnchorsEstablished):
                key = decode_key(bytes.fromhex(one.event.root_key))
            else:
                self._usable(one, stream)
                key = self._timeline.public_key(statement.kid)
            if key is None or index < self._verified_below:
                return
            self.signatures += 1
            verify_statement(statement, key)
        except (Refuted, Malformed) as error:
            self._findings.add("entry.signature", str(error), entry=index, subject=statement.subject)
            stream.sound = False

    def _usable(self, one: _Read, stream: Stream) -> None:
        statement, index = one.statement, one.row.index
        try:
            usable_key(self._timeline.at(index), statement.kid, statement.issuer, shanghai_date(one.recorded_at))
        except Refused as refusal:
            if self._rules_hold(index) and (self._timed or refusal.rule != "key.not_valid_today"):
                self._findings.add("entry.key", str(refusal), entry=index, subject=statement.subject)
                stream.sound = False
            else:
                self._findings.note("not_judged", str(refusal), entry=index, subject=statement.subject)

    def _rules_hold(self, index: int) -> bool:
        return self._broken_at is None or index <= self._broken_at

    def _judge(self, one: _Read, stream: Stream, recorded: Recorded, published: Mapping[str, int]) -> None:
        row, statement, event = one.row, one.statement, one.event
        identity = Fact("cti", f"{statement.issuer}/{statement.cti.hex()}")
        if isinstance(event, Closed):
            stream.closed += 1
            self.closed_entries.append(row.index)
            self._facts((identity, Fact("body", event.commitment.hex())), row.index)
            self._closed(one)
            return
        assert isinstance(event, Event)  # the caller looked
        together = published.get(statement.statement_id.hex()) == self._heads.covering(row.index)
        released = together and isinstance(event, PledgeMade)
        try:
            candidate = self._candidate(one, event)
            judgement = judge(
                candidate,
                stream.record,
                self._timeline.at(row.index),
                index=row.index,
                recorded_at=one.recorded_at,
                version=recorded.version,
                released=released,
                bootstrap=row.index < self._charter_size,
            )
        except LedgerError as error:
            self._facts((identity,), row.index)
            if isinstance(error, Refused) and error.rule.startswith("key."):
                return  # said with the signature
            self._refused(one, stream, error)
            return
        except _BREAKS as error:
            self._facts((identity,), row.index)
            self._refused(one, stream, Malformed(f"cannot be judged: {error!r}"))
            return
        self.judged += 1
        self._time(one, event)
        self._public(one, judgement)
        for annex in candidate.annexes:
            named = AnnexNamed(bytes.fromhex(annex.sha256), row.index, annex.media_type, annex.bytes)
            self.annexes.append(named)
        by_itself = statement.issuer == own_party(statement.subject)
        for fact in judgement.facts:
            optional = fact.kind == "released" and not by_itself
            self.facts += fact_record(fact, row.index | OPTIONAL if optional else row.index)

    def _candidate(self, one: _Read, event: Event) -> Candidate:
        """The candidate that it was; of a text that is gone, without it."""
        verified = VerifiedStatement(*astuple(one.statement))  # `_signature` says whether it is
        body = one.body if one.statement.sealed or SPECS[type(event).__name__].text is not None else None
        try:
            candidate = content_of(verified, body, self._origin)
        except MissingBody as error:
            spec = SPECS[type(event).__name__]
            identity = Fact("cti", f"{verified.issuer}/{verified.cti.hex()}")
            annexes = () if spec.annexes is None else spec.annexes(event)
            return Candidate(verified, event, spec, identity, error.commitment, None, annexes)
        if isinstance(event, MarkLicensed) and body is not None and one.row.index >= self._verified_below:
            seed = decode_body(body)[1]
            if isinstance(seed, MarkSeed):
                check_serials(bytes.fromhex(seed.secret), event.range, event.count, bytes.fromhex(event.serials_root))
        return candidate

    def _refused(self, one: _Read, stream: Stream, error: LedgerError) -> None:
        index, subject = one.row.index, one.row.subject
        if not stream.sound or stream.closed or not self._rules_hold(index) or not self._timed:
            self._findings.note("not_judged", str(error), entry=index, subject=subject)
            self.closed_entries.append(index)
            return
        code = "entry.rule"
        if isinstance(error, Refused) and error.rule == "issuer.not_entitled":
            code = "entry.not_entitled"
        elif not isinstance(error, Refused):
            code = "entry.content"
        self._findings.add(code, str(error), entry=index, subject=subject)
        stream.sound = False

    def _closed(self, one: _Read) -> None:
        """As far as a sealed entry can be judged without its body: who may say sealed things about such a subject."""
        statement = one.statement
        roles = self._timeline.at(one.row.index).roles(statement.issuer)
        self._findings.note("closed", entry=one.row.index, subject=one.row.subject)
        if not is_enterprise(statement.subject) or not any(
            spec.entitles(statement.issuer, statement.subject, roles) for spec in _SEALED_SIGNERS
        ):
            self._refused(
                one, Stream("", [], True), Refused("issuer.not_entitled", "", "to any sealed statement about it")
            )

    def _time(self, one: _Read, event: Event) -> None:
        row, statement = one.row, one.statement
        if event.late_ground is not None:
            self._findings.note("late", event.late_ground, entry=row.index, subject=row.subject)
        if row.index < self._charter_size or not self._timed:
            return
        policy = self._timeline.at(row.index).registration_policy(shanghai_date(one.recorded_at))
        waits = isinstance(event, PledgeMade) and statement.issuer == own_party(statement.subject)
        age = one.recorded_at - statement.iat
        if -age > IAT_AHEAD_SECONDS_MAX:
            self._findings.add(
                "entry.time", f"issued {-age} s after it was recorded", entry=row.index, subject=row.subject
            )
        elif policy is not None and not waits and age > policy.statement_age_max_seconds + _ARRIVAL_SECONDS_MAX:
            self._findings.add(
                "entry.time", f"recorded {age} s after it was issued", entry=row.index, subject=row.subject
            )

    def _public(self, one: _Read, judgement: Judgement) -> None:
        vault = one.row.vault
        if vault is not None and one.row.kept and one.body is not None and vault[3] != judgement.body_public:
            self._findings.add(
                "body.public", f"{vault[3]}, not {judgement.body_public}", entry=one.row.index, subject=one.row.subject
            )

    def _facts(self, facts: Sequence[Fact], index: int) -> None:
        for fact in facts:
            self.facts += fact_record(fact, index)

    def _attachments(self, record: EnterpriseRecord) -> None:
        for name, one in ATTACHMENTS.of(record).by_id.items():
            erased = one.erased_by is not None or one.entry in record.erased
            named = AttachmentNamed(
                name, one.index, record.subject, one.commitment, one.media_type, one.size_bytes, one.issuer, erased
            )
            self.attachments.append(named)


def _quietly(statement: Statement, body: bytes | None) -> Any:
    try:
        return decode_event(statement, body)
    except LedgerError:
        return None
