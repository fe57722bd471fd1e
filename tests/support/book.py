"""A book without a store: statements are signed, admitted, judged and folded in memory, one after the other."""

from __future__ import annotations

from ledger.domain.events.attachment import AttachmentAdded
from ledger.domain.events.base import Event, Recorded
from ledger.domain.state.fold import fold
from ledger.domain.state.governance import Governance, evolve_governance
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.subject import is_enterprise
from ledger.errors import Refused
from ledger.keys.keyring import Keyring
from ledger.registration import (
    AdmittingLog,
    Candidate,
    EntryPosition,
    Judgement,
    MissingAttachment,
    admit,
    admit_charter,
    judge,
)
from ledger.store.annexes import AnnexKept
from ledger.store.attachments import StoredAttachment
from ledger.store.contract import Fact
from tests.support.charter import ORIGIN, REGISTRAR, Speaker, charter
from tests.support.clock import Clock
from tests.support.statements import (
    CAMPAIGN,
    ENTERPRISE,
    campaign_opened,
    code,
    key_enrolled,
    party_enrolled,
    pledge_made,
    pledge_published,
    registered,
    sign,
    speaker_of,
    usual_speaker,
)

__all__ = ["Book"]


class Book:
    """Opened with a charter; `facts` are those that were claimed so far, `events` all that was recorded."""

    def __init__(self, *, chartered: bool = True) -> None:
        self.clock = Clock()
        self.governance = Governance.empty()
        self.records: dict[str, EnterpriseRecord] = {}
        self.events: list[Recorded] = []
        self.facts: dict[Fact, int] = {}
        self.judgements: list[Judgement] = []
        self.annexes: dict[bytes, AnnexKept] = {}  # that were uploaded
        self.uploads: dict[bytes, StoredAttachment] = {}
        if chartered:
            for statement in charter():
                candidate = admit_charter(statement, governance=self.governance, origin=ORIGIN)
                self.enter(candidate, bootstrap=True)

    @property
    def record(self) -> EnterpriseRecord:
        """That of `ENTERPRISE`."""
        return self.records[ENTERPRISE]

    def upload(self, event: AttachmentAdded, by: Speaker) -> None:
        """As if the attachment that the event names had been uploaded by this party."""
        id_, commitment = bytes.fromhex(event.attachment), bytes.fromhex(event.commitment)
        size = event.size_bytes
        self.uploads[id_] = StoredAttachment(id_, commitment, event.media_type, size, by.party, self.clock(), b"")

    def admit(self, data: bytes, body: bytes | None = None) -> Candidate:
        try:
            return self._admit(data, body, None)
        except MissingAttachment as missing:
            if missing.id not in self.uploads:
                raise
            return self._admit(data, body, self.uploads[missing.id])

    def _admit(self, data: bytes, body: bytes | None, attachment: StoredAttachment | None) -> Candidate:
        return admit(
            data,
            body,
            AdmittingLog(ORIGIN, self.governance, Keyring(self.governance)),
            now=self.clock(),
            annexes=self.annexes,
            attachment=attachment,
        )

    def enter(self, candidate: Candidate, *, released: bool = False, bootstrap: bool = False) -> Recorded:
        """Judge a candidate as the next entry and fold it in. Raises `Refused`, changing nothing."""
        subject = candidate.statement.subject
        judgement = judge(
            candidate,
            self.records.get(subject),
            self.governance,
            EntryPosition(len(self.events), 1 + sum(event.subject == subject for event in self.events), self.clock()),
            released=released,
            bootstrap=bootstrap,
        )
        recorded = judgement.recorded
        for fact in judgement.not_yet:
            if fact in self.facts:
                raise Refused("fact.said_already", "已有记录", "another entry says so", fact.kind)
        self.facts.update(dict.fromkeys(judgement.facts, recorded.index))
        for fact in judgement.from_here:
            self.facts.setdefault(fact, recorded.index)
        self.judgements.append(judgement)
        self.events.append(recorded)
        if is_enterprise(subject):
            record = fold(self.records.get(subject), (recorded,))
            assert record is not None
            self.records[subject] = record
        else:
            self.governance = evolve_governance(self.governance, recorded)
        return recorded

    def say(
        self,
        event: Event,
        *,
        subject: str = ENTERPRISE,
        by: Speaker | None = None,
        sealed: bool | None = None,
        released: bool = False,
        text: bytes | None = None,
    ) -> Recorded:
        """Sign, admit and enter one event. `text`: the body that an open event names by digest."""
        data, body = sign(event, subject=subject, by=by or usual_speaker(event), iat=self.clock(), sealed=sealed)
        return self.enter(self.admit(data, body or text), released=released)

    # what many tests begin with

    def with_enterprise(self, subject: str = ENTERPRISE) -> Book:
        """An open campaign and a registered enterprise that has a key of its own."""
        if CAMPAIGN not in self.governance.campaigns:
            self.say(campaign_opened(), subject=CAMPAIGN)
        self.say(registered(), subject=subject)
        owner = speaker_of(subject)
        self.say(party_enrolled(), subject=owner.party, by=REGISTRAR)
        self.say(key_enrolled(owner.signer, owner.party), subject=owner.party, by=REGISTRAR)
        return self

    def with_pledge(self, subject: str = ENTERPRISE, *, serial: int = 1, **given: object) -> Recorded:
        """A pledge made by the enterprise and published under `code(serial)`; returns the making."""
        made = self.say(pledge_made(**given), subject=subject, by=speaker_of(subject), released=True)
        published = pledge_published(made.statement_id, code=code(serial))
        self.say(published, subject=subject)
        return made
