"""One enterprise's stream, written down as a lawyer would tell it: what was recorded, and when."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from ledger.charter.default_policies import default_standing_policy
from ledger.domain.events.base import Closed, Event, Recorded
from ledger.domain.events.complaint import ComplaintOutcomeCorrected, ComplaintOutcomeRecorded
from ledger.domain.events.enterprise import EnterpriseRegistered, EnterpriseRenamed, EnterpriseSized
from ledger.domain.events.pledge import (
    FulfilmentAssessed,
    PledgeMade,
    PledgePublished,
    PledgeReplaced,
    PledgeRevoked,
    PledgeWithdrawn,
)
from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from ledger.domain.state.fold import fold
from ledger.domain.state.record import EnterpriseRecord
from projections.standing.facts import PolicyInForce

SUBJECT = "uscc:91330000609120000X"
ORGANIZER = "party:organizer"
POLICY = PolicyInForce(date(2026, 1, 1), 8, default_standing_policy())
POLICIES = (POLICY,)
FIRST = 100  # the leaf index of a stream's first entry, after the charter

Saying = tuple[Event, bool]  # an event, and whether it is sealed


def day(text: str) -> date:
    return date.fromisoformat(text)


def noon(on: date) -> int:
    """The Unix second of noon in Asia/Shanghai."""
    return int(datetime(on.year, on.month, on.day, 4, tzinfo=UTC).timestamp())


def code(number: int) -> str:
    return f"330000{20260315}{number:06d}"


def statement_id(index: int) -> bytes:
    return hashlib.sha256(b"statement %d" % index).digest()


def registered(on: str = "2026-03-01", size: str | None = "micro", name: str = "甲有限公司", **more: Any) -> Saying:
    event = EnterpriseRegistered(
        v=1,
        effective_on=day(on),
        name=name,
        category="organization",
        size_band=size,
        **more,  # type: ignore[arg-type]
    )
    return event, False


def renamed(on: str, name: str) -> Saying:
    return EnterpriseRenamed(v=1, effective_on=day(on), name=name, evidence="登记通知书"), False


def sized(on: str, size: str) -> Saying:
    return EnterpriseSized(v=1, effective_on=day(on), size_band=size, size_source="年报"), False  # type: ignore[arg-type]


def made(on: str = "2026-03-15", *, disclosure: str = "public", clauses: Sequence[str] = (), **more: Any) -> Saying:
    event = PledgeMade(
        v=1,
        effective_on=day(on),
        campaign=more.pop("campaign", "campaign:2026"),
        scope=more.pop("scope", "comprehensive"),
        reason="3·15",
        content="产品和服务符合承诺。",
        liability="依法承担责任。",
        made_on=day(on),
        accepting_body="协会",
        accepting_code="51100000500000005N",
        disclosure=disclosure,  # type: ignore[arg-type]
        clauses=tuple(clauses),
        **more,
    )
    return event, disclosure != "public"


def published(pledge: bytes, number: int, from_on: str, until: str, on: str = "2026-03-20") -> Saying:
    event = PledgePublished(
        v=1,
        effective_on=day(on),
        pledge=pledge.hex(),
        code=code(number),
        valid_from=day(from_on),
        valid_until=day(until),
    )
    return event, False


def replaced(number: int, on: str, **fields: Any) -> Saying:
    return PledgeReplaced(v=1, effective_on=day(on), code=code(number), slip="笔误", **fields), False


def withdrawn(number: int, on: str, ends: str) -> Saying:
    return PledgeWithdrawn(v=1, effective_on=day(on), code=code(number), ends_on=day(ends)), False


def revoked(number: int, on: str, ground: str = "fraud") -> Saying:
    event = PledgeRevoked(v=1, effective_on=day(on), code=code(number), ends_on=day(on), ground=ground)  # type: ignore[arg-type]
    return event, False


def assessed(
    number: int,
    on: str,
    result: str,
    period: tuple[str, str],
    fact: str | None = None,
    assessor: str = "51100000500000005N",
) -> Saying:
    event = FulfilmentAssessed(
        v=1,
        effective_on=day(on),
        code=code(number),
        period_from=day(period[0]),
        period_until=day(period[1]),
        result=result,  # type: ignore[arg-type]
        unmet=None if result == "full" else "第二条",
        accountability=None if result == "full" else "限期改正",
        assessor="协会",
        assessor_code=assessor,
        fact_id=fact,
    )
    return event, True


def month_before(on: str) -> str:
    """The month before that of a day: a reply that was due in it is late, or missing, on the day."""
    return (day(on).replace(day=1) - timedelta(days=1)).isoformat()[:7]


def outcome(on: str, *, reply: str = "timely", ended: str | None = None, **more: Any) -> Saying:
    """Where it does not say how it `ended`: settled if it was answered in time, else one that counts by its reply."""
    month = month_before(on)
    counts = ended is None and reply != "timely"
    ended = ended or ("refused" if counts else "settled")
    fields: dict[str, Any] = {
        "forwarded": month,
        "reply_due": month,
        "replied": None if reply == "none" else month,
        "issue": "质量",
        "reason": "理由" if ended in ("refused", "ended_without_agreement") else None,
        "substantive_reply": counts,
        **more,
    }
    event = ComplaintOutcomeRecorded(
        v=1,
        effective_on=day(on),
        case=hashlib.md5(repr((on, reply, ended, more)).encode()).hexdigest(),
        channel="12315",
        product_class="家电",
        received=month,
        closed=month,
        reply=reply,  # type: ignore[arg-type]
        outcome=ended,  # type: ignore[arg-type]
        notified_on=day(on) - timedelta(days=10),
        **fields,
    )
    return event, True


def corrected(entry: int, on: str, *, reply: str = "timely", ended: str | None = None, **more: Any) -> Saying:
    if ended is None and reply != "timely":
        ended, more = "refused", {"substantive_reply": True, "reason": "理由", **more}
    event = ComplaintOutcomeCorrected(
        v=1,
        effective_on=day(on),
        corrects=entry,
        explanation="录入错误",
        reply=reply,  # type: ignore[arg-type]
        outcome=ended or "settled",  # type: ignore[arg-type]
        **more,
    )
    return event, True


def repudiated(entry: int, on: str) -> Saying:
    return StatementRepudiated(v=1, effective_on=day(on), entry=entry, word="来函"), False


def erased(entry: int, on: str) -> Saying:
    return BodyErased(v=1, effective_on=day(on), entry=entry, ground="依申请"), False


class Stream:
    """Entries at `FIRST`, `FIRST + 1`, …, each recorded on the day on which it takes effect, or on a later one's."""

    def __init__(self, subject: str = SUBJECT, first: int = FIRST) -> None:
        self.subject = subject
        self.first = first
        self.events: list[Recorded] = []

    @property
    def next(self) -> int:
        return self.first + len(self.events)

    def say(self, saying: Saying, recorded_on: str | None = None) -> int:
        """Record it; the index of its entry."""
        event, sealed = saying
        index = self.next
        on = noon(event.effective_on if recorded_on is None else day(recorded_on))
        if self.events:
            on = max(on, self.events[-1].recorded_at)
        self.events.append(
            Recorded(
                index=index,
                subject=self.subject,
                version=len(self.events) + 1,
                recorded_at=on,
                statement_id=statement_id(index),
                issuer=ORGANIZER,
                # who publishes and who assesses are two officers, told apart by their keys
                kid=(b"a" if isinstance(event, FulfilmentAssessed) else b"k") * 32,
                iat=on,
                sealed=sealed,
                event=event,
            )
        )
        return index

    def pledge(self, number: int = 1, from_on: str = "2026-03-15", until: str = "2027-03-14", **more: Any) -> int:
        """A pledge and its publication; the index of the publication."""
        entry = self.say(made(from_on, **more), recorded_on="2026-03-20")
        return self.say(published(statement_id(entry), number, from_on, until))

    def close(self, entry: int) -> None:
        """The entry's body is gone."""
        at = self.events[entry - self.first]
        self.events[entry - self.first] = replace(at, event=Closed(b"\0" * 32))

    @property
    def record(self) -> EnterpriseRecord:
        record = fold(None, self.events)
        assert record is not None
        return record
