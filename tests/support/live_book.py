"""A book in a real database with events of every kind, through the sequencer, with read models and map made: small."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from hashlib import sha256

from ledger.domain.events.access_log import AccessDigestPublished
from ledger.domain.events.annex import AnnexTakenDown
from ledger.domain.events.attachment import AttachmentAdded, AttachmentErased
from ledger.domain.events.base import Annex, Event
from ledger.domain.events.completeness_map import MapRootPublished
from ledger.domain.events.enterprise import EnterpriseRenamed, EnterpriseSized
from ledger.domain.events.party import KeyRevoked, KeyRotated, RoleGranted
from ledger.domain.events.policy import WorkCalendarPublished
from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.state.access_log import Access, day_digest
from ledger.domain.values.subject import ACCESS, MAP, POLICY
from ledger.keys.proof_of_possession import prove_possession
from ledger.reading.feed import Feed
from ledger.registration import AdmittingLog, Candidate, admit
from ledger.sequencing.sequencer import Registered, Sequencer
from ledger.store.attachments import StoredAttachment
from ledger.store.cosignatures import CosignatureRow
from ledger.store.postgres import PostgresStore
from ledger.tlog.note import parse_note
from ledger.verifier.trust import Trust
from ledger.verifier.trust_file import TrustedKey, TrustFile, parse_trust
from projections.completeness.map_cuts import begin_cut, go_on
from projections.completeness.map_tables import MapTables, prepare_map
from projections.engine.runner import Runner
from projections.engine.schema import prepare
from tests.support.charter import (
    APPROVER,
    DATA_OFFICER,
    HANDLING_BODY,
    LOG_OPERATOR,
    ORGANIZER,
    ORIGIN,
    REGISTRAR,
    REGULATOR,
    Speaker,
    charter,
)
from tests.support.clock import Clock
from tests.support.database import TestDatabase
from tests.support.findings import annulment, breach, cited, found, performed, rechecked
from tests.support.keys import log_keys, signer_for
from tests.support.listings import delisted, listed
from tests.support.marks import mark_licensed, misuse_found, reinstated, seed_body, suspended
from tests.support.remedies import applied, filed, hold_placed, hold_released, rejected
from tests.support.reports import submitted, verified
from tests.support.standards import declared, noted, revised
from tests.support.statements import (
    CAMPAIGN,
    ENTERPRISE,
    OTHER_ENTERPRISE,
    assessed,
    campaign_corrected,
    campaign_opened,
    code,
    corrected,
    key_enrolled,
    outcome,
    party_enrolled,
    pledge_made,
    pledge_published,
    registered,
    replied,
    sign,
    speaker_of,
    usual_speaker,
)
from tests.support.witnesses import cosigner

__all__ = ["WITNESSES", "LiveBook", "book_with_everything", "trust_file_of", "trust_of"]

WITNESSES = ("east", "north")

TABLE = b"product,indicator\nkettle,leakage\n"
TAKEN_DOWN = "名称,联系人\n".encode()


def trust_of(store: PostgresStore, witness_policy: str = "") -> Trust:
    """What its trust file says."""
    return parse_trust(trust_file_of(store, witness_policy).format())


def trust_file_of(store: PostgresStore, witness_policy: str = "") -> TrustFile:
    """The trust file of a book with the test charter."""
    keys, first = log_keys(ORIGIN), store.checkpoint_covering(0)
    assert first is not None
    return TrustFile(
        origin=ORIGIN,
        checkpoint_vkeys=(keys.checkpoint.key.format(),),
        receipt_keys=(TrustedKey.of(keys.receipt.public, keys.receipt.alg),),
        standing_keys=(TrustedKey.of(keys.standing.public, keys.standing.alg),),
        charter=first.root.hex(),
        witness_policy=witness_policy,
    )


class LiveBook:
    """Says events through a sequencer on a clock of its own."""

    def __init__(self, database: TestDatabase) -> None:
        self.database = database
        self.clock = Clock()
        self.store = PostgresStore.open(database.service)
        self.sequencer = Sequencer(self.store, log_keys(ORIGIN), self.clock)
        self.sequencer.open()
        if self.store.latest() is None:
            self.sequencer.bootstrap(charter())
        self.sequencer.start()

    def close(self) -> None:
        self.sequencer.stop()
        self.store.close()

    def candidate(
        self,
        event: Event,
        subject: str = ENTERPRISE,
        by: Speaker | None = None,
        *,
        sealed: bool | None = None,
        text: bytes | None = None,
    ) -> Candidate:
        data, body = sign(event, subject=subject, by=by or usual_speaker(event), iat=self.clock(), sealed=sealed)
        spec = SPECS[type(event).__name__]
        named = () if spec.annexes is None else spec.annexes(event)
        known = self.store.annexes.known([bytes.fromhex(one.sha256) for one in named], self.clock())
        return admit(
            data,
            body or text,
            AdmittingLog(ORIGIN, self.sequencer.governance, self.sequencer.keyring),
            now=self.clock(),
            annexes=known,
            attachment=self._uploaded(event),
        )

    def _uploaded(self, event: Event) -> StoredAttachment | None:
        if not isinstance(event, AttachmentAdded):
            return None
        return self.store.attachments.get(bytes.fromhex(event.attachment))

    def say(self, event: Event, subject: str = ENTERPRISE, by: Speaker | None = None, **more: object) -> int:
        """Register one event; its index."""
        self.clock.advance(seconds=7)
        return self.together(self.candidate(event, subject, by, **more))[0]  # type: ignore[arg-type]

    def together(self, *candidates: Candidate) -> list[int]:
        """Register a group; the indices."""
        answers = self.sequencer.submit_and_wait(*candidates)
        for answer in answers:
            if not isinstance(answer, Registered):
                raise AssertionError(answer)
        return [answer.index for answer in answers if isinstance(answer, Registered)]

    def cosign(self, size: int, *names: str) -> None:
        """Have these witnesses cosign the checkpoint of that size, a second after it was made."""
        checkpoint = self.store.checkpoint_covering(size - 1)
        assert checkpoint is not None and checkpoint.tree_size == size
        text = parse_note(checkpoint.note).text
        for name in names:
            line = cosigner(name).sign(text, checkpoint.recorded_at + 1)
            self.store.cosignatures.keep(CosignatureRow(size, line.name, line.key_id, line.signature))

    def project(self) -> None:
        """Bring the read models up to date."""
        prepare(self.database.service)
        runner = Runner(Feed(self.store), self.database.service, today=lambda: self.clock.today)
        try:
            while runner.step():
                pass
        finally:
            runner.stop()

    def publish_map(self) -> None:
        """Make a cut of the completeness map and register its root."""
        prepare_map(self.database.service)
        tables, feed = MapTables(), Feed(self.store)
        from ledger.store.connect import connect  # noqa: PLC0415

        with connect(self.database.service) as connection:
            with connection.transaction():
                begin_cut(tables, connection, feed, feed.size())
            while not (state := tables.state(connection)).complete:
                with connection.transaction():
                    go_on(tables, connection, feed)
        root = MapRootPublished(
            v=1, effective_on=self.clock.today, root=state.root.hex(), tree_size=state.size, subjects=state.subjects
        )
        self.say(root, MAP, LOG_OPERATOR)


@contextmanager
def book_with_everything(database: TestDatabase, *, entries: int = 0) -> Iterator[LiveBook]:
    """Every kind of event that the rules let come together in one small book; filled up to `entries` with outcomes."""
    book = LiveBook(database)
    try:
        tell(book)
        _fill(book, entries)
        book.publish_map()
        book.say(EnterpriseSized(v=1, effective_on=book.clock.today, size_band="medium", size_source="年报"))
        book.project()
        _witness(book)
        yield book
    finally:
        book.close()


def tell(book: LiveBook) -> None:
    """One enterprise to which everything happens, one that is closed in part, one with nothing but a name."""
    opening = book.say(campaign_opened(), CAMPAIGN)
    book.say(campaign_corrected(opening, theme="放心消费"), CAMPAIGN)
    for subject in (ENTERPRISE, OTHER_ENTERPRISE):
        book.say(registered(), subject)
        owner = speaker_of(subject)
        book.say(party_enrolled(), owner.party, REGISTRAR)
        book.say(key_enrolled(owner.signer, owner.party), owner.party, REGISTRAR)
    book.say(registered(name="无事有限公司"), "local:test/1", sealed=False)
    owner, colleague = speaker_of(ENTERPRISE), _colleague(book, HANDLING_BODY)
    _pledge(book, ENTERPRISE, 1)
    _pledge(book, OTHER_ENTERPRISE, 2, disclosure="none")
    book.say(EnterpriseRenamed(v=1, effective_on=book.clock.today, name="北京某某集团有限公司", evidence="证"))
    first = book.say(outcome(1), by=HANDLING_BODY)
    second = book.say(outcome(2, reply="none", replied=None, outcome="refused", reason="无理"), by=HANDLING_BODY)
    book.say(replied(second), by=owner)
    book.say(corrected(first), by=colleague)
    book.say(assessed())
    book.say(performed(first), by=HANDLING_BODY)
    _standards(book, owner)
    _marks(book)
    _reports(book)
    _findings(book)
    _keys(book)
    _attachments(book)
    hold = book.say(hold_placed(), by=DATA_OFFICER)
    book.say(hold_released(hold), by=_colleague(book, DATA_OFFICER))
    repudiated = book.say(outcome(77), OTHER_ENTERPRISE, HANDLING_BODY)
    book.say(StatementRepudiated(v=1, effective_on=book.clock.today, entry=repudiated, word="误录"), OTHER_ENTERPRISE)
    harmless = book.say(outcome(78), OTHER_ENTERPRISE, HANDLING_BODY)
    book.say(outcome(79), OTHER_ENTERPRISE, HANDLING_BODY)
    book.clock.advance(days=900)
    book.say(
        BodyErased(v=1, effective_on=book.clock.today, entry=harmless, ground="届满"), OTHER_ENTERPRISE, DATA_OFFICER
    )
    calendar = WorkCalendarPublished(
        v=1, effective_on=book.clock.today, year=book.clock.today.year, holidays=(), workdays=()
    )
    book.say(calendar, POLICY)
    _accesses(book)


def _witness(book: LiveBook) -> None:
    """The quorum on the charter and on the newest checkpoint but two, a part of it on the newest but one."""
    size, sizes = 0, list[int]()
    while (checkpoint := book.store.checkpoint_covering(size)) is not None:
        size = checkpoint.tree_size
        sizes.append(size)
    for cosigned in (sizes[0], sizes[-3]):
        book.cosign(cosigned, *WITNESSES)
    book.cosign(sizes[-2], WITNESSES[0])


def _colleague(book: LiveBook, speaker: Speaker) -> Speaker:
    """Another officer of the same party."""
    signer = signer_for(f"{speaker.party}, a colleague", "p256")
    book.say(key_enrolled(signer, speaker.party, officer=f"{speaker.officer}-2"), speaker.party, speaker)
    return Speaker(speaker.party, signer, f"{speaker.officer}-2", speaker.roles)


def _pledge(book: LiveBook, subject: str, serial: int, **given: object) -> None:
    book.clock.advance(seconds=7)
    sealed = given.get("disclosure") == "none"
    made = book.candidate(pledge_made(**given), subject, speaker_of(subject), sealed=sealed)
    published = pledge_published(made.statement.statement_id, code=code(serial))
    book.together(made, book.candidate(published, subject, sealed=sealed))


def _standards(book: LiveBook, owner: Speaker) -> None:
    table = Annex(sha256=sha256(TABLE).hexdigest(), bytes=len(TABLE), media_type="text/csv")
    book.store.annexes.hold(sha256(TABLE).digest(), TABLE, "text/csv", book.clock())
    index = book.say(declared(annex=table), by=owner)
    newer = book.say(revised(index), by=owner)
    book.say(noted(newer), by=ORGANIZER)
    gone = Annex(sha256=sha256(TAKEN_DOWN).hexdigest(), bytes=len(TAKEN_DOWN), media_type="text/csv")
    book.store.annexes.hold(sha256(TAKEN_DOWN).digest(), TAKEN_DOWN, "text/csv", book.clock())
    book.say(declared(number="Q/CSGD 099-2018", annex=gone), by=owner)
    book.say(
        AnnexTakenDown(v=1, effective_on=book.clock.today, annex=gone.sha256, ground="含有个人信息"), by=DATA_OFFICER
    )


def _marks(book: LiveBook) -> None:
    book.say(mark_licensed(), text=seed_body())
    book.say(suspended())
    book.say(reinstated())
    book.say(misuse_found("third_party"), by=ORGANIZER)


def _reports(book: LiveBook) -> None:
    report = book.say(submitted(), by=speaker_of(ENTERPRISE))
    book.say(verified(report))
    listing = book.say(listed())
    book.say(delisted(listing))


def _findings(book: LiveBook) -> None:
    spot = book.say(found(), by=REGULATOR)
    book.say(annulment(spot), by=_colleague(book, REGULATOR))
    record = book.say(cited(), by=REGULATOR)
    book.say(rechecked(record), by=REGULATOR)
    broken = book.say(breach(), by=ORGANIZER)
    objection = book.say(filed(broken), by=speaker_of(ENTERPRISE))
    book.say(rejected(objection, broken), by=REGULATOR)
    book.say(applied(broken), by=speaker_of(ENTERPRISE))


def _keys(book: LiveBook) -> None:
    """A rotation, and a revocation that disputes what the key signed."""
    owner, new = speaker_of(OTHER_ENTERPRISE), signer_for("rotated")
    rotated = KeyRotated(
        v=1,
        effective_on=book.clock.today,
        replaces=owner.signer.kid.hex(),
        key=new.public.cose_key.hex(),
        proof=prove_possession(new, owner.party, ORIGIN).hex(),
    )
    book.say(rotated, owner.party, owner)
    book.say(RoleGranted(v=1, effective_on=book.clock.today, role="laboratory"), APPROVER.party, REGISTRAR)
    since = book.clock.today
    revoked = KeyRevoked(v=1, effective_on=since, kid=new.kid.hex(), reason="compromised", compromised_since=since)
    book.say(revoked, owner.party, REGISTRAR)


def _attachments(book: LiveBook) -> None:
    about = book.say(outcome(50), by=HANDLING_BODY)
    for number in (1, 2):
        name = sha256(f"attachment {number}".encode()).digest()[:16]
        commitment = sha256(b"salt" + name).digest()
        kept = StoredAttachment(
            name, commitment, "application/pdf", 100, HANDLING_BODY.party, book.clock(), bytes(100 + 28)
        )
        book.store.attachments.put(kept)
        added = AttachmentAdded(
            v=1,
            effective_on=book.clock.today,
            attachment=name.hex(),
            commitment=commitment.hex(),
            media_type="application/pdf",
            size_bytes=100,
            entry=about,
        )
        book.say(added, by=HANDLING_BODY)
    book.say(
        AttachmentErased(v=1, effective_on=book.clock.today, attachment=name.hex(), ground="依申请"), by=DATA_OFFICER
    )
    book.store.attachments.erase([name])


def _accesses(book: LiveBook) -> None:
    day = book.clock.today
    for number in range(3):
        book.store.accesses.log(
            Access(
                at=book.clock() + number,
                day=day,
                party=REGULATOR.party,
                officer=REGULATOR.officer,
                kid=REGULATOR.signer.kid.hex(),
                cti=f"{number:032x}",
                resource="/entries/40/body",
                purpose="核查",
                outcome="served",
                subject=ENTERPRISE if number else None,
                entry=40 if number else None,
            )
        )
    book.clock.advance(days=1)
    digest, count = day_digest(day, None, book.store.accesses.of_day(day))
    published = AccessDigestPublished(v=1, effective_on=book.clock.today, day=day, digest=digest, count=count)
    book.say(published, ACCESS, LOG_OPERATOR)


def _fill(book: LiveBook, entries: int) -> None:
    number = 1_000
    while book.sequencer.governance is not None and (newest := book.store.latest()) and newest.tree_size < entries:
        book.clock.advance(seconds=60)
        # Together, so that they share a checkpoint: whoever audits the book again and again verifies each one's.
        some = [
            book.candidate(_recent(number + more, book.clock.today), by=HANDLING_BODY)
            for more in range(min(3, entries))
        ]
        book.together(*some)
        number += len(some)


def _recent(number: int, day: date) -> Event:
    month = (day - timedelta(days=20)).isoformat()[:7]
    months = dict.fromkeys(("received", "accepted", "forwarded", "reply_due", "replied", "closed"), month)
    return outcome(number, effective_on=day, notified_on=day - timedelta(days=14), **months)
