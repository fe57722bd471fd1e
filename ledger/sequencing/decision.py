"""The entries that a round would write, one after the other, and the state that would follow.

Nothing here is durable or visible: a `Decision` holds its own values over the head's and is dropped when its
batch could not be written. A group of candidates stands or falls together; groups never touch each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeVar

from ledger.cose.receipt import encode_receipt, receipt_protected, sign_root
from ledger.domain.events.annex import AnnexTakenDown
from ledger.domain.events.party import TrustAnchorsSucceeded
from ledger.domain.events.pledge import PledgePublished
from ledger.domain.events.repudiation import BodyErased
from ledger.domain.rules.campaign_conditions import PLEDGE_PUBLISHED_IN
from ledger.domain.state.fold import fold
from ledger.domain.state.governance import evolve_governance
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.subject import is_governing
from ledger.errors import LedgerError, Misconfigured, Refused
from ledger.keys.keyring import Keyring
from ledger.keys.log_keys import LogKeys
from ledger.registration import Candidate, EntryPosition, judge
from ledger.sequencing.checks import check_batch, check_statement
from ledger.sequencing.head import LogHead
from ledger.store.annexes import NamedAnnex
from ledger.store.contract import Batch, CheckpointRow, Fact, NewEntry, Tile
from ledger.tlog.checkpoint import Checkpoint, sign_checkpoint
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.tree import Growth

__all__ = ["Decision", "Registered"]

_Value = TypeVar("_Value")

# By what is taken: rule, and the words for people
_TAKEN: Final[Mapping[str, tuple[str, str, str]]] = {
    "pledge_code": ("pledge.code_taken", "该承诺编码已被使用", "this pledge code is already in use"),
    PLEDGE_PUBLISHED_IN: (
        "campaign.pledge_published",
        "活动中已有承诺公布，其条件不可再更正",
        "a pledge was published in the campaign: its terms are corrected no more",
    ),
    "case": ("complaint.case_taken", "该投诉案件已有登记", "this complaint case is already recorded"),
    "mark_range": ("mark.range_taken", "该标识号段已被使用", "this range of serials is already in use"),
    "report": ("report.number_taken", "该检验检测报告已登记", "this inspection report is already recorded"),
    "attachment": ("attachment.taken", "该附件已属于另一条记录", "this attachment already belongs to another entry"),
    "body": ("body.taken", "该密封正文已属于另一条记录", "this sealed body already belongs to another entry"),
    "annex_taken_down": ("annex.taken_down", "该附件已撤下", "this annex was taken down already"),
    "released": ("pledge.released", "该承诺已登记", "this pledge is already registered"),
}


@dataclass(frozen=True, slots=True)
class Registered:
    """An entry and, where this round wrote it, its receipt; `existing` ones have theirs from the log."""

    index: int
    statement_id: bytes
    receipt: bytes | None
    existing: bool


class Decision:
    """The entries that a round would write, and the state that would follow."""

    def __init__(
        self,
        head: LogHead,
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
        self.asked: set[Fact] = set()  # that must not have been said before
        self._erased: list[int] = []
        self._taken_down: list[bytes] = []

    @property
    def first_index(self) -> int:
        """The leaf index of the entry at position 0."""
        return self._head.size

    def take(self, candidate: Candidate, *, released: bool = False, bootstrap: bool = False) -> int:
        """Judge a candidate at the next position and make it an entry; its position in the round.

        Raises `Refused` (also for a unique fact that is taken), `Held`, or `Corrupted`, changing nothing.
        """
        statement = candidate.statement
        check_statement(statement.raw, statement.statement_id)
        subject = statement.subject
        governing = is_governing(subject)
        record, version = (None, 0) if governing else self._record(subject)
        judgement = judge(
            candidate,
            record,
            self.governance,
            EntryPosition(
                self._head.size + len(self.entries),
                (self._version(subject) if governing else version) + 1,
                self.recorded_at,
            ),
            released=released,
            bootstrap=bootstrap,
        )
        facts = (*judgement.facts, *(fact for fact in judgement.from_here if not self._said(fact)))
        for fact in (*judgement.facts, *judgement.not_yet):
            if self._said(fact):
                raise Refused(*_TAKEN[fact.kind], fact.key)
        if isinstance(candidate.event, TrustAnchorsSucceeded):
            self._keys_here(candidate.event)
        position = len(self.entries)
        self.asked.update(judgement.not_yet)
        for fact in facts:
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
            elif isinstance(candidate.event, AnnexTakenDown):
                self._taken_down.append(bytes.fromhex(candidate.event.annex))
        self.entries.append(
            NewEntry(
                subject=subject,
                version=recorded.version,
                topic=candidate.topic,
                statement=statement.raw,
                leaf_hash=leaf_hash(statement.raw),
                facts=facts,
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
        # Only what the group may change is kept: all of the round for each group would be its square.
        subjects = {candidate.statement.subject for candidate in group}
        records = {subject: self._records.get(subject) for subject in subjects}
        versions = {subject: self._versions.get(subject) for subject in subjects}
        size, erased, taken_down = len(self.entries), len(self._erased), len(self._taken_down)
        facts, governance, keyring = len(self.facts), self.governance, self.keyring
        try:
            published = {other.event.pledge for other in group if isinstance(other.event, PledgePublished)}
            return tuple(
                self.take(candidate, released=candidate.statement.statement_id.hex() in published)
                for candidate in group
            )
        except LedgerError:
            del self.entries[size:]
            del self._erased[erased:]
            del self._taken_down[taken_down:]
            while len(self.facts) > facts:
                self.facts.popitem()  # the newest: none is ever said twice
            _put_back(self._records, records)
            _put_back(self._versions, versions)
            self.governance, self.keyring = governance, keyring
            raise

    def integrate(self) -> Batch:
        """Grow the tree, sign the new root once in both formats; the batch to be written.

        Raises `Misconfigured` where the keys in force at the new size are not here.
        """
        head = self._head
        growth = head.edge.grow([entry.leaf_hash for entry in self.entries])
        size = growth.edge.size
        keys = self._keys_at(size)
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
        return Batch(
            entries=self.entries,
            checkpoint=self._checkpoint,
            tiles=tiles,
            erased=self._erased,
            taken_down=self._taken_down,
        )

    def check(self, batch: Batch) -> None:
        """Look at the batch once more, as it is about to be written. Raises `Corrupted`."""
        check_batch(batch, self._head.edge, self._head.checkpoint, self._keys_at(batch.checkpoint.tree_size))

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

    def _keys_at(self, size: int) -> LogKeys:
        anchors = self.governance.anchors_at(size)
        assert anchors is not None  # entry 0 names them
        return self._keys.held(anchors)

    def _keys_here(self, event: TrustAnchorsSucceeded) -> None:
        """A log that does not have its next keys would come to an end at their size. Raises `Refused`."""
        try:
            self._keys.held(event)
        except Misconfigured:
            raise Refused(
                "anchors.keys_not_here",
                "服务尚无这些密钥：先把 charter succeed 生成的密钥文件放入服务的 keys 文件夹",
                "the service does not have these keys yet: first put the files that `charter succeed` made there",
                event.checkpoint_vkey,
            ) from None

    def _said(self, fact: Fact) -> bool:
        return fact in self.facts or fact in self._taken

    def _record(self, subject: str) -> tuple[EnterpriseRecord | None, int]:
        found = self._records.get(subject)
        return found if found is not None else self._base.get(subject, (None, 0))

    def _version(self, subject: str) -> int:
        return self._versions.get(subject) or self._head.version(subject)


def _put_back(changed: dict[str, _Value], kept: Mapping[str, _Value | None]) -> None:
    for subject, value in kept.items():
        if value is None:
            changed.pop(subject, None)
        else:
            changed[subject] = value
