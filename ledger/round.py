"""One round of the sequencer: which of these submissions become entries, in which order, and what each hears.

Nothing here is durable or visible: a `Decision` holds its own values over the head's and is dropped when its
batch could not be written. A group of candidates stands or falls together; groups never touch each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ledger.cose.receipt import encode_receipt, receipt_protected, sign_root
from ledger.cose.statement import parse_statement
from ledger.domain.folding import fold
from ledger.domain.governance import evolve_governance
from ledger.domain.pledge import PledgePublished
from ledger.domain.record import EnterpriseRecord
from ledger.domain.repudiation import BodyErased
from ledger.domain.subject import is_governing
from ledger.errors import AlreadyRegistered, LedgerError, Refused
from ledger.head import Head
from ledger.keys.keyring import Keyring
from ledger.keys.logkeys import LogKeys
from ledger.registration import Candidate, judge
from ledger.store.annexes import NamedAnnex
from ledger.store.port import Batch, CheckpointRow, Fact, NewEntry, Store, Tile
from ledger.tlog.checkpoint import Checkpoint, sign_checkpoint
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.tree import Growth

__all__ = ["Decision", "Fate", "Registered", "decide"]


@dataclass(frozen=True, slots=True)
class Registered:
    """An entry and, where this round wrote it, its receipt; `existing` ones have theirs from the log."""

    index: int
    statement_id: bytes
    receipt: bytes | None
    existing: bool


Fate = Registered | LedgerError | int  # an int: position among the round's new entries

_TAKEN: Mapping[str, tuple[str, str]] = {
    "pledge_code": ("该承诺编码已被使用", "this pledge code is already in use"),
    "case": ("该投诉案件已有登记", "this complaint case is already recorded"),
    "mark_range": ("该标识号段已被使用", "this range of serials is already in use"),
    "report": ("该检验检测报告已登记", "this inspection report is already recorded"),
    "attachment": ("该附件已属于另一条记录", "this attachment already belongs to another entry"),
    "body": ("该密封正文已属于另一条记录", "this sealed body already belongs to another entry"),
    "released": ("该承诺已登记", "this pledge is already registered"),
}
_RULES: Mapping[str, str] = {
    "pledge_code": "pledge.code_taken",
    "case": "complaint.case_taken",
    "mark_range": "mark.range_taken",
    "report": "report.number_taken",
    "attachment": "attachment.taken",
    "body": "body.taken",
    "released": "pledge.released",
}


class Decision:
    """The entries that a round would write, and the state that would follow."""

    def __init__(
        self,
        head: Head,
        keys: LogKeys,
        now: int,
        base: Mapping[str, tuple[EnterpriseRecord | None, int]] | None = None,
        taken: Mapping[Fact, int] | None = None,
    ) -> None:
        self._head = head
        self._keys = keys
        self._base = base or {}
        self._taken = taken or {}
        self._records: dict[str, tuple[EnterpriseRecord, int]] = {}
        self._versions: dict[str, int] = {}
        self._growth: Growth | None = None
        self._checkpoint: CheckpointRow | None = None
        self.recorded_at = max(head.recorded_at, now)
        self.governance = head.governance
        self.keyring = head.keyring
        self.entries: list[NewEntry] = []
        self.facts: dict[Fact, int] = {}  # → position
        self._erased: list[int] = []

    @property
    def first_index(self) -> int:
        """The leaf index of the entry at position 0."""
        return self._head.size

    def take(self, candidate: Candidate, *, released: bool = False, bootstrap: bool = False) -> int:
        """Judge a candidate at the next position and make it an entry; its position in the round.

        Raises `Refused` (also for a unique fact that is taken) or `Held`, changing nothing.
        """
        statement = candidate.statement
        subject = statement.subject
        governing = is_governing(subject)
        record, version = (None, 0) if governing else self._record(subject)
        judgement = judge(
            candidate,
            record,
            self.governance,
            index=self._head.size + len(self.entries),
            recorded_at=self.recorded_at,
            version=(self._version(subject) if governing else version) + 1,
            released=released,
            bootstrap=bootstrap,
        )
        for fact in judgement.facts:
            if fact in self.facts or fact in self._taken:
                zh, en = _TAKEN[fact.kind]
                raise Refused(_RULES[fact.kind], zh, en, fact.key)
        position = len(self.entries)
        for fact in judgement.facts:
            self.facts[fact] = position
        recorded = judgement.recorded
        if governing:
            self._versions[subject] = recorded.version
            self.governance = evolve_governance(self.governance, recorded)
            self.keyring = Keyring(self.governance)
        else:
            evolved = fold(record, (recorded,))
            assert evolved is not None  # a fold over one event is a record
            self._records[subject] = (evolved, recorded.version)
            if isinstance(candidate.event, BodyErased):
                self._erased.append(candidate.event.entry)
        self.entries.append(
            NewEntry(
                subject=subject,
                version=recorded.version,
                topic=candidate.topic,
                statement=statement.raw,
                leaf_hash=leaf_hash(statement.raw),
                facts=judgement.facts,
                commitment=candidate.commitment,
                body=candidate.body,
                body_public=judgement.body_public,
                annexes=tuple(NamedAnnex(bytes.fromhex(annex.sha256), annex.media_type) for annex in candidate.annexes),
            )
        )
        return position

    def take_group(self, group: Sequence[Candidate]) -> tuple[int, ...]:
        """Take all of a group, in order. Raises what the first refused one raises, and has taken none."""
        if len(group) == 1:
            return (self.take(group[0]),)
        kept = (
            len(self.entries),
            len(self._erased),
            dict(self.facts),
            dict(self._records),
            dict(self._versions),
            self.governance,
            self.keyring,
        )
        try:
            return tuple(self.take(candidate, released=_released(candidate, group)) for candidate in group)
        except LedgerError:
            size, erased, self.facts, self._records, self._versions, self.governance, self.keyring = kept
            del self.entries[size:]
            del self._erased[erased:]
            raise

    def integrate(self) -> Batch:
        """Grow the tree, sign the new root once in both formats; the batch to be written."""
        head, keys = self._head, self._keys
        growth = head.edge.grow([entry.leaf_hash for entry in self.entries])
        size = growth.edge.size
        protected = receipt_protected(
            alg=keys.receipt.alg, kid=keys.receipt.kid, origin=keys.origin, tree_size=size, iat=self.recorded_at
        )
        self._growth = growth
        self._checkpoint = CheckpointRow(
            tree_size=size,
            previous_size=head.size,
            root=growth.root,
            recorded_at=self.recorded_at,
            note=sign_checkpoint(Checkpoint(keys.origin, size, growth.root), keys.checkpoint),
            receipt_protected=protected,
            receipt_signature=sign_root(protected, growth.root, keys.receipt),
        )
        tiles = [Tile(level, number, hashes) for level, number, hashes in growth.tiles]
        return Batch(entries=self.entries, checkpoint=self._checkpoint, tiles=tiles, erased=self._erased)

    def adopt(self) -> None:
        """The batch is durable: the head moves."""
        assert self._growth is not None and self._checkpoint is not None  # integrated before
        self._head.adopt(
            self._growth.edge, self._checkpoint, self.governance, self.keyring, self._records, self._versions
        )

    def registered(self, position: int) -> Registered:
        """What the submitter of the entry at `position` hears, with its receipt."""
        assert self._growth is not None and self._checkpoint is not None  # integrated before
        checkpoint = self._checkpoint
        index = checkpoint.previous_size + position
        receipt = encode_receipt(
            checkpoint.receipt_protected,
            checkpoint.receipt_signature,
            checkpoint.tree_size,
            index,
            self._growth.inclusion(index),
        )
        return Registered(index, sha256(self.entries[position].statement).digest(), receipt, existing=False)

    def _record(self, subject: str) -> tuple[EnterpriseRecord | None, int]:
        found = self._records.get(subject)
        return found if found is not None else self._base.get(subject, (None, 0))

    def _version(self, subject: str) -> int:
        return self._versions.get(subject) or self._head.version(subject)


def _released(candidate: Candidate, group: Sequence[Candidate]) -> bool:
    """Whether the group holds the publication that names the candidate's pledge."""
    pledge = candidate.statement.statement_id.hex()
    return any(isinstance(other.event, PledgePublished) and other.event.pledge == pledge for other in group)


def decide(
    groups: Sequence[tuple[Candidate, ...]],
    head: Head,
    store: Store,
    keys: LogKeys,
    clock: Callable[[], int],
) -> tuple[Decision, list[tuple[Fate, ...]]]:
    """Decide every group in order against the head; the decision, and one fate per candidate of each group.

    Unique facts are looked up after a first pass has said which matter; what is taken is then refused and the
    rest decided again, so that nobody's fate rests on an entry that will not be.
    """
    candidates = [candidate for group in groups for candidate in group]
    known = _already_registered(candidates, store)
    subjects = {c.statement.subject for c in candidates if not is_governing(c.statement.subject)}
    base = head.records(subjects)
    now = clock()
    taken: dict[Fact, int] = {}
    looked_up: set[Fact] = set()
    while True:
        decision = Decision(head, keys, now, base, taken)
        fates = _fates(groups, decision, known)
        # cti were looked up before anything was judged.
        facts = [fact for fact in decision.facts if fact.kind != "cti" and fact not in looked_up]
        if not facts:
            return decision, fates
        found = store.facts(facts)
        if not found:
            return decision, fates
        looked_up.update(facts)
        taken.update(found)


def _fates(
    groups: Iterable[tuple[Candidate, ...]], decision: Decision, known: Mapping[Fact, tuple[int, bytes, bytes]]
) -> list[tuple[Fate, ...]]:
    fates: list[tuple[Fate, ...]] = []
    for group in groups:
        answers: dict[int, Fate] = {}
        to_take: list[int] = []
        for number, candidate in enumerate(group):
            fate = _known_fate(candidate, decision, known)
            if fate is None:
                to_take.append(number)
            else:
                answers[number] = fate
        if to_take and not any(isinstance(fate, LedgerError) for fate in answers.values()):
            try:
                for number, position in zip(
                    to_take, decision.take_group([group[number] for number in to_take]), strict=True
                ):
                    answers[number] = position
            except LedgerError as error:
                answers.update(dict.fromkeys(to_take, error))
        first_error = next((fate for fate in answers.values() if isinstance(fate, LedgerError)), None)
        fates.append(tuple(answers.get(number, first_error or 0) for number in range(len(group))))
    return fates


def _known_fate(
    candidate: Candidate, decision: Decision, known: Mapping[Fact, tuple[int, bytes, bytes]]
) -> Fate | None:
    """The fate of a candidate whose (`iss`, `cti`) is in the book or earlier in this round; None if new."""
    fact = candidate.identity
    statement = candidate.statement
    if fact in known:
        index, raw, payload = known[fact]
        if raw == statement.raw:
            return Registered(index, statement.statement_id, None, existing=True)
        return AlreadyRegistered(index, sha256(payload).digest())
    if fact in decision.facts:
        position = decision.facts[fact]
        raw = decision.entries[position].statement
        if raw == statement.raw:
            return position
        return AlreadyRegistered(decision.first_index + position, sha256(parse_statement(raw).payload).digest())
    return None


def _already_registered(candidates: Sequence[Candidate], store: Store) -> dict[Fact, tuple[int, bytes, bytes]]:
    """For each identity that is in the book: index, statement and payload of its entry."""
    found = store.facts([candidate.identity for candidate in candidates])
    if not found:
        return {}
    statements = store.statements(sorted(set(found.values())))
    return {
        fact: (index, statements[index], parse_statement(statements[index]).payload) for fact, index in found.items()
    }
