"""Reading streams: each entry taken apart, its body against its commitment, and where it stands in the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from msgspec import Struct

from ledger.audit.checkpoints import Heads
from ledger.audit.findings import Findings
from ledger.audit.governance_timeline import Timeline
from ledger.audit.sources.source import EntryFound
from ledger.cose.statement import SEALED_TOPIC, Statement, decode_event, parse_statement
from ledger.domain.events.base import Closed, Event
from ledger.domain.events.repudiation import BodyErased
from ledger.domain.state.governance import Governance
from ledger.errors import LedgerError, Malformed

__all__ = ["AuditContext", "Read", "StreamRead", "check_body", "read_stream"]


class AuditContext(Struct, frozen=True):
    """`timed`: whether the source says when entries were recorded. `verified_below`: signatures of entries below were
    verified by an earlier audit of the same tree. `suspects`: entries whose bytes are not those of the tree.
    `rules_broken_at`: the first broken governing entry.
    """

    origin: str
    timeline: Timeline
    heads: Heads
    findings: Findings
    charter_size: int
    timed: bool
    verified_below: int = 0
    suspects: frozenset[int] = frozenset()
    rules_broken_at: int | None = None

    def rules_hold(self, index: int) -> bool:
        """Whether everything that governs the entry is in order."""
        return self.rules_broken_at is None or index <= self.rules_broken_at


def check_body(row: EntryFound, commitment: bytes | None, erased_by: int | None, findings: Findings) -> bytes | None:
    """The body, if it is there and the one that was committed to. What is wrong with it goes to the findings.

    `commitment`: of a sealed statement, or of the text that an open one names; `erased_by`: the entry that erased it.
    """
    where: dict[str, Any] = {"entry": row.index, "subject": row.subject}
    if row.vault is None:
        if row.kept and commitment is not None and erased_by is None:
            findings.add("body.missing", "the vault has no row", **where)
        return None
    _, kept, body, _ = row.vault
    if commitment is None:
        findings.add("body.unknown", "a body of an entry that has none", row=f"ledger.vault {row.index}", **where)
        return None
    if row.kept and kept != commitment:
        findings.add("body.altered", "the vault's commitment is not the statement's", **where)
    if body is None:
        if row.kept and erased_by is None:
            findings.add("body.missing", "no entry erased it", **where)
        return None
    if sha256(body).digest() != commitment:
        findings.add("body.altered", f"SHA-256 {sha256(body).hexdigest()}, not {commitment.hex()}", **where)
        return None
    if erased_by is not None:
        findings.add("body.not_erased", f"erased by entry {erased_by}", **where)
    return body


class Read(Struct):
    """An entry taken apart. `event` is None where it could not be read. `governance`: that of its position.
    `sound`: whether content and body are in order.
    """

    row: EntryFound
    statement: Statement
    event: Event | Closed | None
    body: bytes | None
    recorded_at: int
    governance: Governance
    sound: bool


class StreamRead(Struct):
    """What could be read of a stream, in order. `unread`: how many entries could not; `closed`: those of them whose
    facts nobody can derive. `sound`: whether all could be read, and are in order.
    """

    entries: list[Read]
    unread: int = 0
    bodies: int = 0
    closed: list[int] = []
    sound: bool = True


def read_stream(rows: Sequence[EntryFound], setting: AuditContext) -> StreamRead:
    """Take the entries of one stream apart; what is wrong with them goes to the findings."""
    findings = setting.findings
    parsed: list[tuple[EntryFound, Statement]] = []
    erased: dict[int, int] = {}
    closed: list[int] = []
    for row in rows:
        try:
            if row.statement is None:
                raise Malformed("the statement is gone")
            statement = parse_statement(row.statement)
        except Malformed as error:
            findings.add("entry.form", str(error), entry=row.index, subject=row.subject)
            continue
        if statement.subject != row.subject:
            detail = f"originator_id is {row.subject!r}, sub is {statement.subject!r}"
            findings.add("entry.columns", detail, entry=row.index, subject=statement.subject)
            closed.append(row.index)
            continue
        if row.topic == "BodyErased" or (row.topic != SEALED_TOPIC and b'"BodyErased"' in statement.payload):
            event = _content(statement)
            if isinstance(event, BodyErased):
                erased.setdefault(event.entry, row.index)
        parsed.append((row, statement))
    entries = [_read(row, statement, erased, setting) for row, statement in parsed]
    unread, bodies = len(rows) - len(parsed), sum([one.body is not None for one in entries])
    return StreamRead(entries, unread, bodies, closed, not unread and all(one.sound for one in entries))


def _read(row: EntryFound, statement: Statement, erased: Mapping[int, int], setting: AuditContext) -> Read:
    findings, before = setting.findings, setting.findings.counts.total()
    timed = setting.timed and setting.heads.known(row.index)
    recorded_at = setting.heads.time(row.index) if timed else row.recorded_at or statement.iat
    event: Event | Closed | None = None
    commitment = statement.commitment
    try:
        if commitment is None:
            event = decode_event(statement)
            named = None if isinstance(event, Closed) else event.named_text
            commitment = None if named is None else bytes.fromhex(named)
    except LedgerError as error:
        findings.add("entry.content", str(error), entry=row.index, subject=row.subject)
    body = check_body(row, commitment, erased.get(row.index), findings)
    if statement.sealed:
        try:
            event = decode_event(statement, body)
        except LedgerError as error:
            findings.add("entry.content", str(error), entry=row.index, subject=row.subject)
    sound = findings.counts.total() == before
    if row.kept and row.commitment != commitment:
        findings.add("entry.columns", "commitment", entry=row.index, subject=row.subject)
    return Read(row, statement, event, body, recorded_at, setting.timeline.at(row.index), sound)


def _content(statement: Statement) -> Event | Closed | None:
    try:
        return decode_event(statement)
    except LedgerError:
        return None
