"""Every rule applied again to an entry, by the very code that registered it, with the record that those before it give.

Where one of them is broken, or its body is not there, a refusal proves nothing: it is noted, not found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import astuple

from ledger.audit.stream_reader import AuditContext, Read
from ledger.audit.unique_facts import FROM_HERE, NOT_YET, OPTIONAL, fact_record
from ledger.cose.statement import VerifiedStatement
from ledger.domain.events.annex import AnnexTakenDown
from ledger.domain.events.base import Closed, Event, Recorded
from ledger.domain.events.mark import MarkLicensed, MarkSeed
from ledger.domain.events.pledge import PledgeMade
from ledger.domain.payload import decode_body
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.state.attachment import ATTACHMENTS
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import is_enterprise, own_party
from ledger.errors import LedgerError, Malformed, Refused
from ledger.limits import COMMIT_SECONDS_MAX, IAT_AHEAD_SECONDS_MAX
from ledger.mark_serials.root_check import check_serials
from ledger.registration import Candidate, EntryPosition, Judgement, MissingBody, candidate_of, judge
from ledger.store.contract import Fact

__all__ = ["BREAKS", "AnnexGone", "AnnexNamed", "AttachmentNamed", "Judge", "Stream"]

BREAKS: Final = (KeyError, LookupError, TypeError, AttributeError, ValueError, AssertionError)
"""What code raises that meets records which no rule would have let come about."""

_ARRIVAL_SECONDS_MAX: Final = int(COMMIT_SECONDS_MAX) + 60  # between arrival and recording, if nothing has to wait
_SEALED_SIGNERS: Final = [spec for spec in SPECS.values() if spec.form != "open"]


class AnnexNamed(Struct, frozen=True):
    """An annex as an entry names it."""

    digest: bytes
    index: int
    media_type: str
    bytes: int


class AnnexGone(Struct, frozen=True):
    """An annex that the entry at `index` took down."""

    digest: bytes
    index: int


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


class Judge:
    """Judges the entries of one stream after the other; what they make is gathered for whoever compares it."""

    def __init__(self, setting: AuditContext) -> None:
        self._setting = setting
        self.facts = bytearray()
        self.annexes: list[AnnexNamed] = []
        self.gone: list[AnnexGone] = []
        self.attachments: list[AttachmentNamed] = []
        self.closed_entries: list[int] = []
        self.judged = 0

    def entry(
        self,
        one: Read,
        verified: VerifiedStatement | None,
        stream: Stream,
        recorded: Recorded,
        published: Mapping[str, int],
    ) -> None:
        """The entry at its place. `verified`: its statement, if the signature was checked now and holds.

        `published`: the pledges by statement id that the stream publishes, and the checkpoint that covers that.
        """
        row, statement, event = one.row, one.statement, one.event
        identity = Fact("cti", f"{statement.issuer}/{statement.cti.hex()}")
        if isinstance(event, Closed):
            stream.closed += 1
            self.closed_entries.append(row.index)
            self._facts((identity, Fact("body", event.commitment.hex())), row.index)
            self._closed(one)
            return
        assert isinstance(event, Event)  # the caller looked
        together = published.get(statement.statement_id.hex()) == self._setting.heads.covering(row.index)
        released = together and isinstance(event, PledgeMade)
        try:
            candidate = self._candidate(one, verified, event)
            judgement = judge(
                candidate,
                stream.record,
                one.governance,
                EntryPosition(row.index, recorded.version, one.recorded_at),
                released=released,
                bootstrap=row.index < self._setting.charter_size,
            )
        except LedgerError as error:
            self._facts((identity,), row.index)
            if isinstance(error, Refused) and error.rule.startswith("key."):
                return  # said with the signature
            self._refused(one, stream, error)
            return
        except BREAKS as error:
            self._facts((identity,), row.index)
            self._refused(one, stream, Malformed(f"cannot be judged: {error!r}"))
            return
        self.judged += 1
        self._time(one, event)
        self._public(one, judgement)
        for annex in candidate.annexes:
            named = AnnexNamed(bytes.fromhex(annex.sha256), row.index, annex.media_type, annex.bytes)
            self.annexes.append(named)
        if isinstance(event, AnnexTakenDown):
            self.gone.append(AnnexGone(bytes.fromhex(event.annex), row.index))
        by_itself = statement.issuer == own_party(statement.subject)
        for fact in judgement.facts:
            optional = fact.kind == "released" and not by_itself
            self.facts += fact_record(fact, row.index | OPTIONAL if optional else row.index)
        for fact in judgement.from_here:
            self.facts += fact_record(fact, row.index | FROM_HERE)
        for fact in judgement.not_yet:
            self.facts += fact_record(fact, row.index | NOT_YET)

    def _candidate(self, one: Read, verified: VerifiedStatement | None, event: Event) -> Candidate:
        """The candidate that it was; of a text that is gone, without it."""
        if verified is None:  # which is said elsewhere
            verified = VerifiedStatement(*astuple(one.statement))
        body = one.body if one.statement.sealed or event.text_type is not None else None
        try:
            candidate = candidate_of(verified, event, body, self._setting.origin)
        except MissingBody as error:
            spec = SPECS[type(event).__name__]
            identity = Fact("cti", f"{verified.issuer}/{verified.cti.hex()}")
            annexes = () if spec.annexes is None else spec.annexes(event)
            return Candidate(verified, event, spec, identity, error.commitment, None, annexes)
        if isinstance(event, MarkLicensed) and body is not None and one.row.index >= self._setting.verified_below:
            seed = decode_body(body)[1]
            if isinstance(seed, MarkSeed):
                check_serials(bytes.fromhex(seed.secret), event.range, event.count, bytes.fromhex(event.serials_root))
        return candidate

    def _refused(self, one: Read, stream: Stream, error: LedgerError) -> None:
        index, subject = one.row.index, one.row.subject
        if not stream.sound or stream.closed or not self._setting.rules_hold(index) or not self._setting.timed:
            self._setting.findings.note("not_judged", str(error), entry=index, subject=subject)
            self.closed_entries.append(index)
            return
        code = "entry.rule"
        if isinstance(error, Refused) and error.rule == "issuer.not_entitled":
            code = "entry.not_entitled"
        elif not isinstance(error, Refused):
            code = "entry.content"
        self._setting.findings.add(code, str(error), entry=index, subject=subject)
        stream.sound = False

    def _closed(self, one: Read) -> None:
        """As far as a sealed entry can be judged without its body: who may say sealed things about such a subject."""
        statement = one.statement
        roles = one.governance.roles(statement.issuer)
        self._setting.findings.note("closed", entry=one.row.index, subject=one.row.subject)
        if not is_enterprise(statement.subject) or not any(
            spec.entitles(statement.issuer, statement.subject, roles) for spec in _SEALED_SIGNERS
        ):
            self._refused(
                one, Stream("", [], True), Refused("issuer.not_entitled", "", "to any sealed statement about it")
            )

    def _time(self, one: Read, event: Event) -> None:
        row, statement = one.row, one.statement
        if event.late_ground is not None:
            self._setting.findings.note("late", event.late_ground, entry=row.index, subject=row.subject)
        if row.index < self._setting.charter_size or not self._setting.timed:
            return
        policy = one.governance.registration_policy(shanghai_date(one.recorded_at))
        waits = isinstance(event, PledgeMade) and statement.issuer == own_party(statement.subject)
        age = one.recorded_at - statement.iat
        if -age > IAT_AHEAD_SECONDS_MAX:
            self._setting.findings.add(
                "entry.time", f"issued {-age} s after it was recorded", entry=row.index, subject=row.subject
            )
        elif policy is not None and not waits and age > policy.statement_age_max_seconds + _ARRIVAL_SECONDS_MAX:
            self._setting.findings.add(
                "entry.time", f"recorded {age} s after it was issued", entry=row.index, subject=row.subject
            )

    def _public(self, one: Read, judgement: Judgement) -> None:
        vault = one.row.vault
        if vault is not None and one.row.kept and one.body is not None and vault[3] != judgement.body_public:
            self._setting.findings.add(
                "body.public", f"{vault[3]}, not {judgement.body_public}", entry=one.row.index, subject=one.row.subject
            )

    def _facts(self, facts: Sequence[Fact], index: int) -> None:
        for fact in facts:
            self.facts += fact_record(fact, index)

    def over(self, record: EnterpriseRecord) -> None:
        """The stream is over, and adds up to this."""
        for name, one in ATTACHMENTS.of(record).by_id.items():
            erased = one.erased_by is not None or one.entry in record.erased
            named = AttachmentNamed(
                name, one.index, record.subject, one.commitment, one.media_type, one.size_bytes, one.issuer, erased
            )
            self.attachments.append(named)
