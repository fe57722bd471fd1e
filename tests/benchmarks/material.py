"""What benchmarks register: a charter for today, and enterprises with pledges and complaint outcomes.

Statements are signed as anybody's are. `candidate` leaves out what admission does at the edge (the signature's
verification above all), so that a big book can be filled through the sequencer in little time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256

from msgspec.structs import astuple

from ledger.charter.charter import CharterParty, CharterRoot, CharterRules, FoundedLog, LogAnchors, make_charter
from ledger.charter.default_policies import default_registration_policy, default_standing_policy
from ledger.cose.statement import Claims, VerifiedStatement, decode_event, make_sealed, make_statement, parse_statement
from ledger.domain.events.base import Event, PaperEvidence
from ledger.domain.events.campaign import CampaignOpened
from ledger.domain.events.complaint import ComplaintOutcomeRecorded
from ledger.domain.events.enterprise import EnterpriseRegistered
from ledger.domain.events.pledge import PledgeMade, PledgePublished
from ledger.domain.events.policy import WorkCalendarPublished
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.values.dates import month_of, shanghai_date
from ledger.keys.log_keys import LogKeys
from ledger.registration import Candidate
from ledger.store.contract import Fact
from tests.support.charter import HANDLING_BODY, MEMBERS, ORGANIZER, ORIGIN, ROOT, Speaker

__all__ = ["EVENTS_EACH", "Material", "Signed", "candidate", "name_of"]

EVENTS_EACH = 5  # of an enterprise: registered, pledge made, pledge published, two complaint outcomes

Signed = tuple[bytes, bytes | None]  # a statement and, if sealed, its body

_CAMPAIGN = "campaign:bench"
_PROMISE = "产品和服务符合声明所列标准, 七日无理由退货, 三日内答复投诉, 违诺则退一赔三。"  # 3 bytes a character
_PAPER = PaperEvidence(file="ab" * 32, row=1)


def name_of(number: int, kind: str = "e") -> str:
    """The registry's number of an enterprise; `local:bench/…` is its subject, `local~bench~…` its address."""
    return f"{kind}{number:07d}"


class Material:
    """Statements for one book, signed at `now` (Unix seconds). The same numbers give the same events."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.today = shanghai_date(now)
        self._serial = 0

    def charter(self, keys: LogKeys) -> list[bytes]:
        """Everybody of the test charter, the default policies, and a calendar of each year that matters today."""
        years = {(self.today - timedelta(days=30)).year, self.today.year}
        return make_charter(
            CharterRoot(ROOT.signer, ROOT.officer),
            FoundedLog(LogAnchors.of(keys), "性能测试账本", "Benchmark book"),
            [CharterParty(one.party, one.roles, one.party, one.party, one.officer, one.signer) for one in MEMBERS],
            CharterRules(
                default_registration_policy(self.today - timedelta(days=60)),
                default_standing_policy(),
                [
                    WorkCalendarPublished(v=1, effective_on=self.today, year=year, holidays=(), workdays=())
                    for year in sorted(years)
                ],
                self.today - timedelta(days=60),
            ),
            self.now,
        )

    def campaign(self) -> Signed:
        """The campaign of all pledges."""
        event = CampaignOpened(
            v=1,
            effective_on=self.today,
            name_zh="质量承诺",
            name_en="Pledge",
            theme="诚信",
            notice_number="1",
            opens_on=self.today - timedelta(days=5),
            closes_on=self.today + timedelta(days=20),
            pledge_valid_until=self.today + timedelta(days=365),
            scopes=("comprehensive",),
            clauses=(),
            overlap="one_per_scope",
        )
        return self._open(event, _CAMPAIGN)

    def registered(self, name: str, called: str | None = None) -> Signed:
        """An enterprise enters the book, `called` as it says or by its number; a statement of about 400 bytes."""
        event = EnterpriseRegistered(
            v=1,
            effective_on=self.today,
            name=called or f"{name}质量检测有限公司",
            category="organization",
            size_band="small",
        )
        return self._open(event, f"local:bench/{name}")

    def pledged(self, name: str) -> Signed:
        """A public pledge, recorded by the organizer: a payload of about 1 kB."""
        event = PledgeMade(
            v=1,
            effective_on=self.today,
            campaign=_CAMPAIGN,
            scope="comprehensive",
            reason="3·15 信用承诺",
            content=_PROMISE * 4,
            liability=_PROMISE,
            made_on=self.today,
            accepting_body="某质量检验协会",
            accepting_code="51100000500000005N",
            disclosure="public",
            evidence=_PAPER,
        )
        return self._open(event, f"local:bench/{name}")

    def published(self, name: str, pledge: Signed, serial: int | None = None) -> Signed:
        """The publication of a pledge, under a code of its own: of this serial number, or of the next."""
        self._serial = self._serial + 1 if serial is None else serial
        division = 110_000 + self._serial // 1_000_000
        event = PledgePublished(
            v=1,
            effective_on=self.today,
            pledge=sha256(pledge[0]).hexdigest(),
            code=f"{division}{self.today:%Y%m%d}{self._serial % 1_000_000:06d}",
            valid_from=self.today,
            valid_until=self.today + timedelta(days=365),
        )
        return self._open(event, f"local:bench/{name}")

    def outcome(self, name: str, number: int) -> Signed:
        """A complaint's outcome, sealed: three in four were settled in time."""
        chance = random.Random(f"{name} {number}")
        month = month_of(self.today)
        bad = chance.random() < 0.25
        event = ComplaintOutcomeRecorded(
            v=1,
            effective_on=self.today,
            case=sha256(f"case {name} {number}".encode()).hexdigest()[:32],
            channel="12315",
            product_class="小家电",
            issue="质量",
            received=month,
            forwarded=month,
            reply_due=month,
            replied=month,
            closed=month,
            reply="late" if bad and chance.random() < 0.5 else "timely",
            outcome="refused" if bad else "settled",
            reason=_PROMISE if bad else None,
            notified_on=self.today - timedelta(days=14),
        )
        return self._sealed(event, f"local:bench/{name}", HANDLING_BODY)

    def history(self, name: str, called: str | None = None, serial: int | None = None) -> Iterator[Signed]:
        """`EVENTS_EACH` statements about an enterprise, in order."""
        yield self.registered(name, called)
        pledge = self.pledged(name)
        yield pledge
        yield self.published(name, pledge, serial)
        for number in range(EVENTS_EACH - 3):
            yield self.outcome(name, number)

    def _open(self, event: Event, subject: str) -> Signed:
        return make_statement(event, self._claims(event, subject, ORGANIZER), ORGANIZER.signer), None

    def _sealed(self, event: Event, subject: str, by: Speaker) -> Signed:
        claims = self._claims(event, subject, by)
        return make_sealed(event, claims, by.signer, claims.cti)

    def _claims(self, event: Event, subject: str, by: Speaker) -> Claims:
        cti = sha256(f"{subject} {event!r}".encode()).digest()[:16]
        return Claims(subject, by.party, ORIGIN, self.now, cti)


def candidate(signed: Signed) -> Candidate:
    """What admission would make of a statement of ours, without verifying it."""
    data, body = signed
    statement = VerifiedStatement(*astuple(parse_statement(data)))
    event = decode_event(statement, body)
    assert isinstance(event, Event)  # sealed ones come with their bodies
    return Candidate(
        statement=statement,
        event=event,
        spec=SPECS[type(event).__name__],
        identity=Fact("cti", f"{statement.issuer}/{statement.cti.hex()}"),
        commitment=statement.commitment or (None if body is None else sha256(body).digest()),
        body=body,
    )
